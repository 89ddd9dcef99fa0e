"""`trunkline teams`."""

from trunkline.cli.tenants import group

command = group("team")
