"""Where the control plane listens. Bound before anything else starts, so that what is wrong is told at once.

ControlError
├── AddressInUse           something else listens there
└── AddressNotOurs         no such address here, or not for us
"""

import errno
import ipaddress
import socket

BACKLOG = 128


class ControlError(Exception):
    """The control plane cannot be served. The text says why and what to do."""


class AddressInUse(ControlError):
    """Another process listens on this address: stop it, or set `server.control` to another one."""


class AddressNotOurs(ControlError):
    """This machine does not have the address, its name cannot be resolved, or the port is not for this user."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of `host`; port 0 takes a free one. Raises `ControlError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressNotOurs(f"server.control: {host} cannot be resolved: {error.strerror}") from None
    family, _, _, _, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"server.control: something else already listens on {host}:{port}. Stop it, or choose another port."
            ) from None
        raise AddressNotOurs(f"server.control: cannot listen on {host}:{port}: {error.strerror}") from None
    listener.setblocking(False)
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach `listener`."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback
