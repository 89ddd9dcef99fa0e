"""Waiting for other programs to leave our cores alone, on a machine that is shared."""

from __future__ import annotations

import time

from bench.process import StrangerMeter
from bench.results import DISTURBED

_LOOK_SECONDS = 0.5


class Patience:
    """A budget of seconds for waiting, for the whole run; without one nothing waits."""

    def __init__(self, cores: set[int], seconds: float) -> None:
        self._cores = cores
        self.left = seconds

    def wait(self) -> None:
        """Return when strangers took little of our cores for half a second, or the budget is used up."""
        while self.left > 0:
            meter = StrangerMeter(self._cores)
            time.sleep(_LOOK_SECONDS)
            self.left -= _LOOK_SECONDS
            if meter.read() <= DISTURBED:
                return
