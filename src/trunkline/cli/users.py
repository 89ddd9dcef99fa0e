"""`trunkline users`."""

from trunkline.cli.tenants import group

command = group("user")
