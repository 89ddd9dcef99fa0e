"""What a fault is, and how the tables of faults are written."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.certificates import Certificate
from tests.faults.connection import Connection, Exchange
from tests.faults.outcomes import Outcome

AcceptScript = Callable[[Connection], Awaitable[None]]
AnswerScript = Callable[[Exchange], Awaitable[None]]


async def good_answer(exchange: Exchange) -> None:
    """Answers well."""
    await exchange.answer()


@dataclass(frozen=True)
class Fault:
    """One way in which an upstream misbehaves, and what Trunkline's client must see of it.

    `reply` and `stream` are the outcomes of a plain and of a streamed request, when each attempt meets this fault;
    `None` where it makes no sense. `accept` runs on a fresh connection in place of everything else, `answer` on each
    request: once it was read, or at once where it is `early`. `certificate` makes the upstream speak TLS.
    """

    name: str
    does: str
    reply: Outcome | None
    stream: Outcome | None
    answer: AnswerScript = good_answer
    early: bool = False
    accept: AcceptScript | None = None
    certificate: Certificate | None = None
    listens: bool = True

    def __str__(self) -> str:
        return self.name

    def outcome(self, *, stream: bool) -> Outcome | None:
        """What the client of a request, streamed or not, must see."""
        return self.stream if stream else self.reply

    @property
    def by_request(self) -> bool:
        """Whether a request can choose it; the others belong to the whole upstream."""
        return self.listens and self.accept is None and self.certificate is None


@dataclass
class Table:
    """Faults by name; a script is put in by one of the decorators, under its function's name and with its docstring."""

    faults: dict[str, Fault] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        assert fault.name not in self.faults, fault.name
        assert fault.does, f"{fault.name} does not say what it does"
        self.faults[fault.name] = fault

    def answers(
        self, *, reply: Outcome | None = None, stream: Outcome | None = None, early: bool = False
    ) -> Callable[[AnswerScript], AnswerScript]:
        """Enters a script that answers a request."""

        def enter(script: AnswerScript) -> AnswerScript:
            self.add(Fault(script.__name__, script.__doc__ or "", reply, stream, answer=script, early=early))
            return script

        return enter

    def accepts(
        self, outcome: Outcome, *, certificate: Certificate | None = None
    ) -> Callable[[AcceptScript], AcceptScript]:
        """Enters a script that deals with a fresh connection, before TLS and before any request."""

        def enter(script: AcceptScript) -> AcceptScript:
            does = script.__doc__ or ""
            self.add(Fault(script.__name__, does, outcome, outcome, accept=script, certificate=certificate))
            return script

        return enter
