"""The shared books of rates and concurrency, where no Valkey keeps them: workers on one machine, or small clusters."""

import json

import msgspec

from trunkline.limits.books import Books
from trunkline.limits.meter import DAY
from trunkline.limits.pool import Batch, Pool, Reply
from trunkline.store.session import Database, Session

GENERATION = 1
"""These books are never lost without the whole store."""
FORGET = 3 * DAY
"""Milliseconds after which nobody needs to know any more when a process ended."""

_BOOKS = msgspec.json.Decoder(Books)
_REPLY = msgspec.json.Decoder(Reply)


class LeaseTables:
    """Implements what `trunkline.store.limit_books.LimitStore` says of rates."""

    database: Database

    def exchange_limits(self, batch: Batch) -> Reply:
        meters = sorted(ask.meter for ask in batch.asks)
        with self.database.writing() as session:
            now = moment(session)
            pool, past = Pool(GENERATION), session.one("limit_holder", batch.holder)
            if past is not None:
                pool.alive[batch.holder], number, reply = past
                if number >= batch.number:
                    return _REPLY.decode(reply)
            session.change_each("make_limit_meter", [(meter,) for meter in meters])
            for meter, books in session.all("limit_meters", json.dumps(meters)):
                pool.meters[meter] = _BOOKS.decode(books)
            others = {holder for books in pool.meters.values() for holder in books.held} - {batch.holder}
            pool.alive |= dict(session.all("limit_holders", json.dumps(sorted(others))))
            reply = pool.exchange(batch, now)
            if reply.alive:
                _keep(session, pool, batch, reply)
        return reply

    def prune_limits(self) -> int:
        with self.database.writing() as session:
            now = moment(session)
            session.change("delete_ended_holders", now - FORGET)
            return session.change("delete_ended_meters", now)


def moment(session: Session) -> int:
    """The database's time, in milliseconds."""
    row = session.one("limits_now")
    assert row is not None
    return int(row[0])


def _keep(session: Session, pool: Pool, batch: Batch, reply: Reply) -> None:
    for ask in batch.asks:
        ends = reply.now + 2 * ask.window + batch.lives + DAY
        session.change("set_limit_meter", msgspec.json.encode(pool.meters[ask.meter]).decode(), ends, ask.meter)
    session.change("set_limit_holder", batch.holder, pool.alive[batch.holder], batch.number, msgspec.json.encode(reply))
