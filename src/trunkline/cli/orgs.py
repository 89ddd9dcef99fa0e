"""`trunkline orgs`."""

from trunkline.cli.tenants import group

command = group("org")
