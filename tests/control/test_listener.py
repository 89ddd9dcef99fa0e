"""Binding says at once, and clearly, why it is not possible."""

import socket

import pytest

from trunkline.control.listener import AddressInUse, AddressNotOurs, ControlError, bind, is_loopback


def test_port_zero_takes_a_free_port_and_listens_on_it() -> None:
    with bind("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        assert address[1] != 0
        with socket.create_connection(address, timeout=5):
            pass


def test_an_address_in_use_is_told_with_what_to_do() -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"already listens on 127.0.0.1:{port}.*another port"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(AddressNotOurs, match=f"server.control: .*{host}") as caught:
        bind(host, 0)
    assert isinstance(caught.value, ControlError)


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1", True), ("127.0.0.2", True), ("0.0.0.0", False)])
def test_loopback_is_told_from_what_others_can_reach(host: str, local: bool) -> None:
    with bind(host, 0) as listener:
        assert is_loopback(listener) is local
