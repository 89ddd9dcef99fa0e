"""What PostgreSQL's errors mean to an operator. Nothing here tells a password."""

from asyncpg import exceptions

from trunkline.store.errors import (
    RowRejected,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

RAISED = (exceptions.PostgresError, exceptions.InterfaceError, exceptions.InternalClientError, OSError, TimeoutError)
"""What asyncpg raises, of itself and of the network."""

_BY_STATE: dict[str, type[StoreError]] = {
    "53100": StoreFull,  # disk_full
    "25006": StoreReadOnly,  # read_only_sql_transaction: a standby
    "42501": StoreReadOnly,  # insufficient_privilege
    "57014": StoreBusy,  # query_canceled, by a time limit of the server's
    "55P03": StoreBusy,  # lock_not_available
    "22": RowRejected,  # data_exception
    "23": RowRejected,  # integrity_constraint_violation
    "40": StoreBusy,  # transaction_rollback: deadlocks and the like
    "XX": StoreCorrupt,
    "08": StoreUnavailable,  # connection_exception
    "28": StoreUnavailable,  # invalid_authorization_specification
    "3D": StoreUnavailable,  # invalid_catalog_name: there is no such database
    "53": StoreUnavailable,  # insufficient_resources
    "57": StoreUnavailable,  # operator_intervention: it is shut down, or starts
    "58": StoreUnavailable,  # system_error
}
"""By SQLSTATE, or by its class: the first two characters."""


def meaning(error: Exception, place: str) -> StoreError:
    """The error of our tree that says what one of `RAISED` says."""
    said = f"{place}: {_first_line(error)}"
    if not isinstance(error, exceptions.PostgresError):
        return StoreUnavailable(said)
    state = str(error.sqlstate or "")
    kind = _BY_STATE.get(state, _BY_STATE.get(state[:2], StoreError))
    if kind is RowRejected:
        said = f"{place}: a row cannot be stored ({_first_line(error)})"
    return kind(said)


def _first_line(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    lines = str(error).splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
