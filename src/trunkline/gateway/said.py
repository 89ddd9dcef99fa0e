"""What a call has answered, as it was recorded, and what the cache makes of it when somebody asks for it again."""

import msgspec

from trunkline.cache.entry import VERSION, Entry, pack, worth_keeping
from trunkline.formats.conversation import Reply, Usage
from trunkline.formats.format import Format
from trunkline.gateway.judging import read_reply, read_stream
from trunkline.ledger.record import UNPRICED, Row


class Said(msgspec.Struct, frozen=True):
    """An answer in the words in which the client was to get it."""

    spoken: Format
    body: bytes
    whole: bool
    """It is no stream."""
    usage: Usage | None
    """As it was charged, where the answer itself tells none."""

    def reply(self) -> Reply | None:
        """The answer; None where it cannot be read."""
        try:
            reply = read_reply(self.spoken, self.body) if self.whole else read_stream(self.spoken, self.body)
        except (ValueError, msgspec.DecodeError):
            return None
        reply.usage = reply.usage or self.usage
        return reply

    def outcome(self, blank: Entry) -> Entry | None:
        """The entry of this answer, whatever it is; None where it cannot be read or kept. `blank` has all but the
        answer.
        """
        reply = self.reply()
        return _filled(blank, reply) if reply is not None else None

    def entry(self, blank: Entry, *, calls: bool) -> Entry | None:
        """The same of an answer that may be given to others; None where it is not worth that."""
        reply = self.reply()
        return _filled(blank, reply) if reply is not None and worth_keeping(reply, calls=calls) else None


def blank(
    row: Row,
    cap: int | None,
    now: float,
    expires: float,
    ends: float,
    *,
    asked: bytes = b"",
    asked_at: float = 0.0,
    names: tuple[str, ...] = (),
) -> Entry:
    """All that an entry has beside the answer, whose attempt is `row`."""
    capped, cost = -1 if cap is None else cap, max(row.cost, UNPRICED)
    return Entry(
        *(VERSION, b"", now, expires, ends, -1, capped, cost, row.provider, row.model, row.finish),
        *(asked, asked_at, names),
    )


def _filled(blank: Entry, reply: Reply) -> Entry | None:
    output = reply.usage.output if reply.usage is not None else -1
    try:
        packed = pack(reply)
    except OverflowError:  # JSON has numbers that MessagePack has not
        return None
    return msgspec.structs.replace(blank, reply=packed, output=output)
