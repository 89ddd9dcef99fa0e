"""Why a figure is missing. Every one of these becomes a line in the report, never a traceback.

BenchError
├── Unavailable   the peer, or something a measurement needs, is not on this machine
└── Failed        it is there, but did not do what was asked: did not start, answered wrongly, lost requests
"""


class BenchError(Exception):
    """A figure cannot be measured; the text says why."""


class Unavailable(BenchError):
    """Something that is needed is not on this machine."""


class Failed(BenchError):
    """The gateway did not do what the measurement needs."""
