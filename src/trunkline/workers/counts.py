"""What workers that died had counted, so that no sum over the workers ever becomes smaller."""

import msgspec

from trunkline.telemetry.definitions import BY_NAME
from trunkline.telemetry.metrics import Labels, Numbers, Snapshot

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode


class Counts:
    """The counters and histograms of the dead, added up. A gauge says what is, and the dead are not."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[Labels, Numbers]] = {}

    def add(self, snapshot: bytes) -> None:
        """A worker has died whose last snapshot is this; empty where it never told one.

        What it counted after that is missing here. It is in the ledger.
        """
        for name, samples in _decode(snapshot).items() if snapshot else ():
            if BY_NAME[name].kind == "gauge":
                continue
            sums = self._sums.setdefault(name, {})
            for labels, numbers in samples:
                known = sums.get(labels)
                sums[labels] = numbers if known is None else [a + b for a, b in zip(known, numbers, strict=True)]

    def snapshot(self) -> bytes:
        """The sums, as a worker would tell them; empty where nothing has died."""
        return _encode({name: list(sums.items()) for name, sums in self._sums.items()}) if self._sums else b""
