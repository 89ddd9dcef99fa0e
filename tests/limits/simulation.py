"""Several processes and the books they share, with messages that are late, lost or sent twice, all in one thread."""

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from trunkline.limits.amounts import Amounts, usage
from trunkline.limits.holder import Holder
from trunkline.limits.meter import Meter
from trunkline.limits.pool import Batch, Pool, Reply
from trunkline.limits.ticket import Reserved, Ticket


@dataclass
class Taken:
    """What one request took, and what it has turned out to use."""

    kind: int
    """Of the request."""

    at: int
    """The true time, in milliseconds."""
    reserved: Reserved
    used: Amounts
    open: bool = True


@dataclass
class Process:
    """One process: its clock is `skew` milliseconds ahead of the true time."""

    world: "World"
    name: str
    skew: int
    hungry: bool = False
    taken: list[Taken] = field(default_factory=list)
    outbox: deque[Batch] = field(default_factory=deque)
    inbox: deque[Reply] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.holder = Holder(self.name, self.world.lives, -self.skew, self._wake)
        self.tickets = [Ticket(self.holder, meters, self._wake) for meters in self.world.kinds]
        self.ticket = self.tickets[0]

    def _wake(self) -> None:
        self.hungry = True

    @property
    def now(self) -> float:
        return (self.world.now + self.skew) / 1000

    def take(self, wanted: Amounts, kind: int = 0) -> bool:
        """Take, or say that one waits."""
        ticket = self.tickets[kind]
        reserved = ticket.take(self.now, wanted)
        if reserved is not None:
            self.taken.append(Taken(kind, self.world.now, reserved, wanted))
            return True
        if self.now >= self.holder.until:
            self.hungry = True
        ticket.want(self.now, wanted)
        return False

    def serve(self, wanted: Amounts, many: int) -> int:
        """So many come at once, and wait for what the books say; how many were let in."""
        waiting = many
        while waiting:
            let_in = sum(self.take(wanted) for _ in range(waiting))
            if not self.hungry:
                return many - waiting + let_in
            waiting -= let_in
            self.talk()
        return many

    @property
    def open(self) -> list[Taken]:
        """Requests under way."""
        return [taken for taken in self.taken if taken.open]

    def settle(self, request: Taken, used: Amounts) -> None:
        """One request has ended, having used so much."""
        request.open = False
        request.used = used
        request.reserved.settle(self.now, used)

    def ends(self, requests: Iterable[Taken], part: float) -> None:
        """These have ended, with such a part of the tokens that were reserved."""
        for request in requests:
            self.settle(request, usage(int(request.reserved.amounts[1] * part)))

    def send(self) -> None:
        """Say what is to be said now, or again what was not answered."""
        batch = self.holder.ask(self.now, hungry=self.hungry)
        self.hungry = False
        if batch is not None:
            self.outbox.append(batch)

    def arrive(self) -> None:
        """The oldest batch reaches the books."""
        if self.outbox:
            self.world.trips += 1
            self.inbox.append(self.world.pool.exchange(self.outbox.popleft(), self.world.now + self.world.books_skew))

    def hear(self) -> None:
        """The oldest reply comes back. One to a batch that was answered before is thrown away, as clients do."""
        if self.inbox:
            self.holder.answered(self.inbox.popleft())
            self.inbox.clear()
            self.outbox.clear()

    def lose(self) -> None:
        """All that is on its way is lost."""
        self.outbox.clear()
        self.inbox.clear()

    def talk(self) -> None:
        """A round trip in no time."""
        self.send()
        self.arrive()
        self.hear()


class World:
    """The processes, the books, and the true time."""

    def __init__(
        self,
        meters: Sequence[Meter],
        processes: int,
        skews: Sequence[int] = (),
        lives: float = 10.0,
        others: Sequence[Sequence[Meter]] = (),
    ) -> None:
        """`others`: the meters of other kinds of requests."""
        self.meters = meters
        self.kinds = [meters, *others]
        self.lives = lives
        self.now = 10_000_000
        self.books_skew = 0
        self.pool = Pool()
        self.trips = 0
        self.dead: list[Process] = []
        self._names = iter(range(10**9))
        self.processes = [self._process(skew) for skew in [*skews, *[0] * processes][:processes]]

    def _process(self, skew: int) -> Process:
        return Process(self, f"p{next(self._names)}", skew)

    def crash(self, index: int) -> None:
        """A process dies with all that it has under way, and another starts in its place."""
        dead = self.processes[index]
        for taken in dead.taken:
            taken.open = False
        self.dead.append(dead)
        self.processes[index] = self._process(dead.skew)

    def flush(self) -> None:
        """The books are lost."""
        self.pool = Pool(self.pool.generation + 1)

    def taken(self) -> Iterator[Taken]:
        """All that was ever taken."""
        for process in (*self.processes, *self.dead):
            yield from process.taken

    def most_in_a_window(self, unit: int, window: int, kinds: Container[int] = range(10)) -> int:
        """The most that was used of the unit at this place, in any time of this length, by requests of these kinds."""
        uses = sorted((taken.at, taken.used[unit]) for taken in self.taken() if taken.kind in kinds)
        most = sum_now = first = 0
        for at, amount in uses:
            sum_now += amount
            while uses[first][0] <= at - window:
                sum_now -= uses[first][1]
                first += 1
            most = max(most, sum_now)
        return most

    def under_way(self, kinds: Container[int] = range(10)) -> int:
        """Requests of these kinds that have not ended."""
        return sum(taken.open for taken in self.taken() if taken.kind in kinds)
