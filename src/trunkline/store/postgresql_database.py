"""A process's connections to PostgreSQL, kept by an event loop on a thread of their own.

What a caller asks for is done in that loop while the caller's thread waits. A connection that is lost is made anew for
whoever asks next; what was under way on it fails, and the caller may try again.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from trunkline.store import statements
from trunkline.store.errors import RowRejected, StoreAddress, StoreClosed
from trunkline.store.postgresql_errors import RAISED, meaning
from trunkline.store.session import Lane

SQL = statements.load("postgresql")

T = TypeVar("T")

CONNECT_SECONDS = 5.0
WRITER, SCHEMA = "writer", "schema"
SECONDS: dict[str, float] = {"lookups": 5.0, "contents": 20.0, "reports": 120.0, WRITER: 20.0, SCHEMA: 3600.0}
"""For how long a caller waits for one statement, by the kind of connection."""
CONNECTIONS = 2
"""Of each kind at most."""
SETTINGS = {
    "application_name": "trunkline",
    "jit": "off",  # compiling our statements takes longer than running them
    "lock_timeout": "10s",
    # What a process held that went away without a word would keep all others from writing.
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "30",
}
LANE_SETTINGS = {
    # Planned for what is asked for, a report takes a fifth of the time: of a dozen conditions most are not used.
    "reports": {"plan_cache_mode": "force_custom_plan"},
}
"""Of one kind of connection."""


class PostgreSQLSession:
    """Implements `trunkline.store.session.Session`, on a connection that is lent to it."""

    def __init__(self, connection: Any, call: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.connection = connection
        self.call = call
        """Have asyncpg's coroutine run, and wait for it."""

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return list(map(tuple, self.call(self.connection.fetch(SQL[statement], *values))))

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        row = self.call(self.connection.fetchrow(SQL[statement], *values))
        return None if row is None else tuple(row)

    def change(self, statement: str, *values: object) -> int:
        with _fitting():
            status: str = self.call(self.connection.execute(SQL[statement], *values))
        return int(status.rpartition(" ")[2])

    def change_each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        with _fitting():
            self.call(self.connection.executemany(SQL[statement], list(rows)))

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        """Put rows into a table by the quickest way there is. Raises RowRejected as the others do."""
        with _fitting():
            self.call(self.connection.copy_records_to_table(table, records=rows, columns=columns))


@contextmanager
def _fitting() -> Iterator[None]:
    """What asyncpg says of a value that fits no column, before it is sent."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise RowRejected(f"a row cannot be stored ({error})") from error


class PostgreSQLDatabase:
    """Implements `trunkline.store.session.Database`."""

    def __init__(self, url: str) -> None:
        self.place = _place(url)
        self._url = url
        self._closed = False
        self.seconds = dict(SECONDS)
        self._pools: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_tell)
        self._thread = threading.Thread(target=self._loop.run_forever, name="store", daemon=True)
        self._thread.start()
        try:
            with self._errors():
                for kind in SECONDS:
                    self._pools[kind] = self._call(self._make_pool(kind), CONNECT_SECONDS)
        except ValueError:  # it may quote a password
            self.close()
            raise StoreAddress(f"{self.place}: the address cannot be read") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See `Store`."""
        if self._closed:
            return
        self._closed = True
        self._call(self._close_pools(), CONNECT_SECONDS + max(SECONDS.values()))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def reading(self, lane: Lane) -> Iterator[PostgreSQLSession]:
        with self._errors(), self._lent(lane) as session:
            yield session

    @contextmanager
    def writing(self, kind: str = WRITER) -> Iterator[PostgreSQLSession]:
        with self._errors(), self._lent(kind) as session:
            session.call(session.connection.execute("BEGIN"))
            try:
                yield session
                session.call(session.connection.execute("COMMIT"))
            except TimeoutError:
                raise  # the connection is let go, and the transaction with it
            except BaseException:
                if not session.connection.is_closed():
                    session.call(session.connection.execute("ROLLBACK"))
                raise

    def scrub(self, table: str) -> None:
        # A table is written anew, and the old file deleted. The server's log holds what was there until it is recycled.
        with self._errors(), self._lent(WRITER) as session:
            session.call(session.connection.execute(f"VACUUM FULL {table}"))

    @contextmanager
    def _lent(self, kind: str) -> Iterator[PostgreSQLSession]:
        if self._closed:
            raise StoreClosed(f"{self.place} is closed")
        pool, seconds = self._pools[kind], self.seconds[kind]
        connection = self._call(pool.acquire(), CONNECT_SECONDS + seconds)
        broken = False
        try:
            yield PostgreSQLSession(connection, lambda coroutine: self._call(coroutine, seconds))
        except (TimeoutError, KeyboardInterrupt):
            broken = True  # a statement is still under way
            raise
        finally:
            self._call(_release(pool, connection, broken), CONNECT_SECONDS)

    def _call(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        return asyncio.run_coroutine_threadsafe(_within(seconds, coroutine), self._loop).result()

    async def _make_pool(self, kind: str) -> Any:
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            server_settings=SETTINGS | LANE_SETTINGS.get(kind, {}),
            init=_prepare_writer if kind == WRITER else None,
            reset=_leave,
        )

    async def _close_pools(self) -> None:
        for pool in self._pools.values():
            await pool.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except RAISED as error:
            raise meaning(error, self.place) from error


def _place(url: str) -> str:
    """What may be told of an address: not the password in it."""
    address = urlsplit(url)
    try:
        port = address.port or 5432
    except ValueError:
        raise StoreAddress("the address of the PostgreSQL store has a port that is none") from None
    return f"PostgreSQL at {address.hostname or 'its socket'}:{port}{address.path}"


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waits for, except that a connection is lost: when one is let go in the middle of a statement,
    asyncpg leaves a future behind that says so once more.
    """
    if not isinstance(context.get("exception"), (ConnectionError, asyncpg.PostgresConnectionError)):
        loop.default_exception_handler(context)


async def _within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(seconds):
        return await coroutine


async def _release(pool: Any, connection: Any, broken: bool) -> None:
    if broken:
        connection.terminate()
    await pool.release(connection)


async def _prepare_writer(connection: Any) -> None:
    await connection.execute(SQL["make_incoming"])
    await connection.execute(SQL["commit_for_good"])


async def _leave(_: Any) -> None:
    """Nothing that we do outlasts its transaction, so a connection needs no resetting between two uses."""
