"""How a command fails: with one message on standard error and an exit code, never with a traceback.

1   it could not be done: a file, a port, the store, a name that is not there
2   what was written is wrong: the command line (click's own code) or the configuration
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from trunkline.config.problems import ConfigError
from trunkline.data import DataError
from trunkline.gateway.logins import SetupError
from trunkline.store.errors import StoreError

FAILED: Final = 1
WRONG: Final = 2


class Failure(click.ClickException):
    """Ends the command. `message` says what is wrong, and what to do about it."""

    exit_code = FAILED


class Wrong(Failure):
    """Likewise, where what was written is wrong."""

    exit_code = WRONG


@contextmanager
def told() -> Iterator[None]:
    """Turns what Trunkline's parts raise into a `Failure`."""
    try:
        yield
    except ConfigError as error:
        raise Wrong(problems_told(error)) from None
    except SetupError as error:
        raise Wrong(str(error)) from None
    except (DataError, StoreError) as error:
        raise Failure(str(error)) from None
    except OSError as error:  # a full disk, a folder that was taken away
        raise Failure(f"{error.filename or 'the system refuses'}: {error.strerror or error}") from None


def problems_told(error: ConfigError) -> str:
    """All problems of a configuration, one a line."""
    count = len(error.problems)
    return f"the configuration has {count} problem{'s' if count > 1 else ''}:\n{error}"
