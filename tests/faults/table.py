"""All faults by name."""

from tests.faults.fault import Fault
from tests.faults.scripts import connecting, framing, refusals, reusing, streams

TABLES = (connecting.table, framing.table, streams.table, refusals.table, reusing.table)

FAULTS: dict[str, Fault] = {name: fault for table in TABLES for name, fault in table.faults.items()}

assert len(FAULTS) == sum(len(table.faults) for table in TABLES), "two faults share a name"
