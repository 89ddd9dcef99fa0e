"""The circuit breaker of one deployment: while it fails it is left alone, but for one probe at a time.

    closed ──── so many failures in a row, or so large a share of them lately ────▶ open
       ▲                                                                             │ a while, longer each time
       └──── the probe went well ──── half open: one attempt is let through ◀────────┘
                                      └──── it failed: open again ─────▶

What was begun before it opened and ends afterwards changes nothing: only a probe does.
"""

from typing import Final, Literal

import msgspec

from trunkline.routing.windows import Recent

State = Literal["closed", "open", "half_open"]


class BreakerSettings(msgspec.Struct, frozen=True):
    """When it opens, and for how long."""

    failures: int = 5
    """In a row."""
    share: float = 0.5
    """Of the attempts in the window."""
    least: int = 20
    """Attempts in the window below which their share says nothing."""
    window: float = 10.0
    """Seconds."""
    pause: float = 2.0
    """Seconds until the first probe; each that fails doubles them."""
    longest_pause: float = 30.0
    probe: float = 10.0
    """Seconds after which a probe without any answer is given up, so that another may go."""


USUAL: Final = BreakerSettings()
SETTLED: Final = 3.0
"""Times the usual, after which the share of failures is hardly distorted by their coming sooner."""


class Breaker:
    """Times are of a monotonic clock, in seconds."""

    __slots__ = (
        "_counting_since",
        "_in_a_row",
        "_pause",
        "_probing_since",
        "_recent",
        "_row_began",
        "_settings",
        "opened",
        "retry_at",
        "state",
    )

    def __init__(self, settings: BreakerSettings = USUAL) -> None:
        self._settings = settings
        self._recent = Recent(settings.window)
        self._in_a_row = 0
        self._row_began = 0.0
        self._counting_since: float | None = None
        self._pause = settings.pause
        self._probing_since = 0.0
        self.state: State = "closed"
        self.retry_at = 0.0
        """While open: when a probe may go. While half open: when another may, if this one stays without an answer."""
        self.opened = 0
        """How often it has opened, probes that failed aside."""

    def configure(self, settings: BreakerSettings) -> None:
        """Go by other settings from now on; what happened is not forgotten, unless the window has another length."""
        if settings.window != self._settings.window:
            self._recent = Recent(settings.window)
        self._settings = settings

    def allows(self, now: float) -> bool:
        """Whether an attempt may begin now."""
        return self.state == "closed" or now >= self.retry_at

    def begin(self, now: float) -> bool:
        """An attempt begins, which `allows` has said may; whether it is the probe."""
        if self.state == "closed":
            return False
        self.state = "half_open"
        self._probing_since = now
        self.retry_at = now + self._settings.probe
        return True

    def succeeded(self, now: float, probe: float | None = None) -> bool:
        """An attempt went well; `probe` is when it began, if it was one. Whether this closed the breaker."""
        if self.state == "closed":
            self._in_a_row = 0
            if self._counting_since is None:
                self._counting_since = now
            self._recent.count(now, failed=False)
            return False
        if probe is None:
            return False
        self.state = "closed"
        self._in_a_row = 0
        self._pause = self._settings.pause
        self._recent.clear()
        self._counting_since = None
        return True

    def failed(self, now: float, probe: float | None = None, usual: float = 0.0) -> bool:
        """An attempt failed through a fault of the provider's. Whether this opened the breaker.

        `usual`: seconds that a good answer takes to come. What fails, fails sooner: of attempts that began together the
        failures come first, and before that time they say nothing about how many others will be well.
        """
        if self.state == "closed":
            if not self._in_a_row:
                self._row_began = now
            self._in_a_row += 1
            if self._counting_since is None:
                self._counting_since = now
            self._recent.count(now, failed=True)
            if not self._too_many(now, usual):
                return False
            self.opened += 1
            self._pause = self._settings.pause
        elif self.state == "half_open" and probe == self._probing_since:
            self._pause = min(self._pause * 2, self._settings.longest_pause)
        else:
            return False
        self.state = "open"
        self.retry_at = now + self._pause
        return True

    def released(self, now: float, probe: float | None) -> None:
        """An attempt ended and says nothing of the provider: the caller left, or was at fault."""
        if probe is not None and self.state == "half_open" and probe == self._probing_since:
            self.state = "open"
            self.retry_at = now

    @property
    def failure_share(self) -> float:
        """Of the attempts in the window, as of the last of them."""
        return self._recent.failed / self._recent.total if self._recent.total else 0.0

    def _too_many(self, now: float, usual: float) -> bool:
        settings, recent = self._settings, self._recent
        recent.move(now)
        in_a_row = self._in_a_row >= settings.failures and now - self._row_began >= usual
        lately = recent.total >= settings.least and recent.failed >= settings.share * recent.total
        since = now if self._counting_since is None else self._counting_since
        return in_a_row or (lately and now - since >= SETTLED * usual)
