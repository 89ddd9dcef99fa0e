"""Where a process listens: whom that exposes it to, and what bounds it."""

import contextlib
import errno
import os
import resource
import socket

from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.gateway.logins import SetupError
from trunkline.transport.connection import Limits


class CannotListen(Exception):
    """The address cannot be listened on; the message says why and what to do."""

    def __init__(self, address: Address, error: OSError) -> None:
        remedy = {
            errno.EADDRINUSE: "Another program listens there: end it, or choose another address",
            errno.EACCES: "Ports below 1024 need a privilege: choose another",
            errno.EADDRNOTAVAIL: "This machine does not have that address: choose one of its own",
        }.get(error.errno or 0, "Choose another address")
        of_the_system = error.errno if not isinstance(error, socket.gaierror) else None
        reason = os.strerror(of_the_system) if of_the_system else error.strerror or str(error)
        super().__init__(f"cannot listen on {address}: {reason}. {remedy}.")


def server_limits(settings: schema.Server) -> Limits:
    """The transport's limits; connections are bounded by what the process may open."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < most:
        with contextlib.suppress(ValueError, OSError):  # a container may forbid it: then the lower limit holds
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            files = most
    return Limits(
        head=settings.limits.headers,
        body=settings.limits.body,
        head_time=settings.timeouts.headers,
        body_time=settings.timeouts.body,
        idle_time=settings.timeouts.idle,
        write_stall=settings.timeouts.write_stall,
        connections=max(64, (files - 128) // 2),
    )


def refuse_to_expose(listen: Address, *, locked: bool) -> None:
    """Without keys, only this machine may reach us: what a caller says of itself could be said by anybody."""
    if not locked and not listen.loopback:
        raise SetupError(
            f"Trunkline has no keys, and {listen.host} can be reached from other machines. Create one with "
            "`trunkline keys create`, write one under `keys`, listen on 127.0.0.1, or pass --insecure."
        )
