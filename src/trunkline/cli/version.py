"""`trunkline version`"""

import platform
from importlib import metadata

import click

from trunkline import __version__

LIBRARIES = ("uvloop", "httptools", "apsw", "msgspec", "pydantic", "genai-prices")
"""Those whose version matters in a report of a fault; `genai-prices` is also the date of the prices."""


@click.command("version")
def command() -> None:
    """Print the versions of Trunkline and of what it runs on."""
    click.echo(f"trunkline {__version__}")
    click.echo(f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}")
    for library in LIBRARIES:
        click.echo(f"{library} {metadata.version(library)}")
