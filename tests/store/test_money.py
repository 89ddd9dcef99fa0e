from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.store.money import dollars


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (1_234_567, "$0.001234567"),
        (100_000_000, "$0.10"),
        (1_500_000_000, "$1.50"),
        (12_000_000_000, "$12.00"),
        (12_345_678_900_000_000, "$12345678.90"),
        (-5_000_000, "-$0.005"),
        (-1_000_000_000, "-$1.00"),
    ],
)
def test_nano_dollars_as_text(nanos: int, text: str) -> None:
    assert dollars(nanos) == text


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_amount_is_rounded(nanos: int) -> None:
    assert Decimal(dollars(nanos).replace("$", "")).scaleb(9) == nanos
