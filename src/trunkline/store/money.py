"""Nano-dollars as text. Money is never a float."""

NANOS_PER_DOLLAR = 1_000_000_000


def dollars(nanos: int) -> str:
    """The exact amount with at least two decimals and no needless zeros: 1_234_567 is `$0.001234567`."""
    whole, part = divmod(abs(nanos), NANOS_PER_DOLLAR)
    decimals = f"{part:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nanos < 0 else ''}${whole}.{decimals}"
