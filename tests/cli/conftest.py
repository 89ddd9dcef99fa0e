"""Fixtures of the tests of commands."""

from tests.cli.command import place

__all__ = ["place"]
