"""Which addresses may be called without leave."""

import pytest

from trunkline.transport.addresses import is_public


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "2002:101:101::", "::ffff:1.1.1.1"]
)
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("::1", "fe80::1", "fe80::1%eth0", "fd00::1", "2001:db8::1"),
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:a9fe:a9fe::1",
        "::10.0.0.1",
        "::ffff:169.254.169.254",
    ],
)
def test_what_leads_into_a_house_is_not(address: str) -> None:
    assert not is_public(address)
