"""Ledger rows for tests, with distinct ids of the right shape."""

import itertools
import uuid

from msgspec.structs import replace

from trunkline.ledger.record import Row

START = 1_760_000_000_000_000
"""2025-10-09 08:53:20 UTC, in microseconds."""
HOUR, DAY = 3_600_000_000, 86_400_000_000
"""Microseconds."""
TAGGED = '{"feature":"chat"}'

_counter = itertools.count()


def uuid7(milliseconds: int, serial: int) -> str:
    """A UUIDv7 of that Unix time whose random bits are a serial number."""
    return str(uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | serial))


def row(**fields: object) -> Row:
    """A settled attempt of a request of its own, except for the fields given."""
    serial = next(_counter)
    usual = Row(
        request=uuid7(START // 1000 + serial, serial),
        attempt=1,
        started=START + serial * 1000,
        label=f"label-{serial}",
        key="support",
        asked="support-bot",
        provider="openai",
        model="gpt-4o",
        stream=False,
        outcome="ok",
        status=200,
        error="",
        finish="stop",
        usage="provider",
        input_tokens=900,
        cached_tokens=100,
        cache_write_tokens=0,
        output_tokens=250,
        reasoning_tokens=50,
        cost=4_750_000,
        first_byte_us=312_000,
        total_us=845_000,
    )
    return replace(usual, **fields)


def batch(number: int, size: int, writer: str = "writer") -> list[Row]:
    """A batch whose rows all carry its number as their label; the same for every call with the same arguments."""
    label = f"{writer}-{number}"
    base = uuid.uuid5(uuid.NAMESPACE_OID, label).int >> 64 & ~0xFFFF
    return [row(request=uuid7(START // 1000 + number, base % 2**61 + n), label=label, key=writer) for n in range(size)]
