"""The simulated provider: an upstream inside this process, for developing and load-testing without key or network.

    Simulated(Settings(...))   an `Upstream` (see `transport.exchange`); the model's name picks what happens
    MODELS                     every model with one line on what it does

A call goes through `check` (would OpenAI take it?) → `answers` (what is said) → `replies` (as bytes) → `script` (what
comes when, and how it ends) → `line` (plays the script to the receiver).
"""

from trunkline.providers.simulated.line import Simulated, Timer, Timers
from trunkline.providers.simulated.models import MODELS
from trunkline.providers.simulated.script import Settings

__all__ = ["MODELS", "Settings", "Simulated", "Timer", "Timers"]
