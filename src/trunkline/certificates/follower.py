"""Keeps the TLS contexts that are in use as their files are, counts what happens to them, and tells the log of it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, get_args

from trunkline.certificates.flaws import validity
from trunkline.certificates.uses import Use, listener
from trunkline.config import schema
from trunkline.config.problems import written
from trunkline.gateway.app import Report
from trunkline.gateway.logins import SetupError
from trunkline.telemetry.metrics import Labels
from trunkline.transport.tls import Refusal, Renewable, Unusable

LOOK: Final = 0.5
"""Seconds between two looks at the files."""

Contexts = Mapping[str, Renewable]
"""By where the configuration names their files: `server.tls`, `providers.house`."""


class Follower:
    """One for every process that listens or calls."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._ends: dict[str, tuple[tuple[Renewable, int], float]] = {}
        """Unix times at which certificates end, and of which making of which context that is known."""
        self._troubles: dict[str, str] = {}
        self._renewals = {"ok": 0, "rejected": 0}
        self._refusals: dict[Refusal, int] = dict.fromkeys(get_args(Refusal), 0)
        self._untold: Counter[tuple[str, Refusal, str]] = Counter()

    def listen(self, where: str, tls: schema.Tls | None) -> Renewable | None:
        """The context of a listener, which is `tls` or `control_tls` of `server`; None for plain HTTP. Raises
        `SetupError`.
        """
        if tls is None:
            return None
        use = listener(where, tls)

        def refused(why: Refusal, words: str) -> None:
            self._refusals[why] += 1
            self._untold[use.name, why, words] += 1

        try:
            return Renewable(use.files, refused)
        except Unusable as error:
            raise _setup_error(use, error) from None

    def take(self, where: str, context: Renewable | None, tls: schema.Tls | None) -> None:
        """Have a listener use what the configuration says now, new files or old. Turning TLS on or off needs a restart.
        Raises `SetupError`, and then changes nothing.
        """
        if context is None or tls is None:
            return
        use = listener(where, tls)
        try:
            renewed = context.renew(use.files)
        except Unusable as error:
            self._count(use.name, str(error))
            raise _setup_error(use, error) from None
        if renewed:
            self._count(use.name, "")

    async def run(self, contexts: Callable[[], Contexts]) -> None:
        """Look after those that are in use, until cancelled."""
        while True:
            await asyncio.to_thread(self.look, contexts())
            self._tell_refusals()
            await asyncio.sleep(LOOK)

    def look(self, contexts: Contexts) -> None:
        """Renew what has changed. Blocks for as long as reading files does."""
        for name, context in contexts.items():
            try:
                if context.renew():
                    self._count(name, "")
                self._note_end(name, context)
            except Unusable as error:
                self._count(name, str(error))
        for known in (self._ends, self._troubles):
            for name in known.keys() - contexts.keys():
                del known[name]

    def readings(self) -> dict[str, Callable[[], Mapping[Labels, float]]]:
        """How to read each metric that is kept here, by its name."""
        return {
            "trunkline_tls_certificate_expiry_timestamp_seconds": lambda: {
                (name,): end for name, (_, end) in self._ends.items()
            },
            "trunkline_tls_renewals_total": lambda: {(result,): count for result, count in self._renewals.items()},
            "trunkline_tls_refused_handshakes_total": lambda: {(why,): count for why, count in self._refusals.items()},
        }

    def _note_end(self, name: str, context: Renewable) -> None:
        pair, making = context.files.pair, (context, context.makings)
        if pair is not None and self._ends.get(name, ((), 0.0))[0] != making:
            with contextlib.suppress(OSError, ValueError):  # it is just being replaced: the next look sees it
                self._ends[name] = making, validity(pair.cert).ends.timestamp()

    def _count(self, name: str, trouble: str) -> None:
        """A renewal that went well, or did not. The same trouble is told once."""
        if trouble and self._troubles.get(name) == trouble:
            return
        self._renewals["rejected" if trouble else "ok"] += 1
        if trouble:
            self._troubles[name] = trouble
            self._report("tls.not_renewed", where=name, problem=trouble)
        else:
            self._troubles.pop(name, None)
            self._report("tls.renewed", where=name)

    def _tell_refusals(self) -> None:
        """One line for all that were refused for the same reason since the last: whoever knocks often writes little."""
        untold, self._untold = self._untold, Counter()
        for (name, why, words), count in untold.items():
            self._report("tls.refused", where=name, reason=why, problem=words, count=count)


def _setup_error(use: Use, error: Unusable) -> SetupError:
    return SetupError(f"{written(use.place_of(error.path))}: {error}.")
