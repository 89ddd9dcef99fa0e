"""Law c: every request can be written for every other format so that it is taken there, or is refused by name.

A document that was written must validate against the target's published description and its SDK's types, must break
none of the rules that the real API keeps, and must say all that the source said (`laws/kept.py`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.recorded.exchanges import Exchange
from tests.recorded.laws.board import Failure
from tests.recorded.laws.diff import exists
from tests.recorded.laws.kept import lost
from tests.recorded.plain.google_generate import camel
from tests.recorded.published import params
from tests.recorded.published.descriptions import request_checks
from tests.recorded.strict.targets import STRICT

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Format, ShapeError
from trunkline.formats.losses import CannotCarry, Losses

ODD = frozenset({400, 422})
"""Answers by which a provider says that the request itself was wrong: what is made of it proves nothing."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Target:
    """What a request is written for."""

    name: str
    format: str
    dialect: Dialect


@cache
def targets() -> list[Target]:
    """Those of `targets.yaml`."""
    table = yaml.safe_load((Path(__file__).parents[1] / "targets.yaml").read_text(encoding="utf-8"))
    return [Target(name, facts["format"], _dialect(facts.get("dialect", {}))) for name, facts in table.items()]


def _dialect(flags: dict[str, Any]) -> Dialect:
    made: Dialect = msgspec.convert(flags, Dialect)
    return made


@dataclass
class Carried:
    """A request in a target's words, or the parameter for which it is refused."""

    failures: list[Failure]
    refused: str = ""


def carried(exchange: Exchange, formats: dict[str, Format]) -> Iterator[tuple[Target, Carried]]:
    """The recorded request for every target but its own format."""
    assert exchange.request is not None
    others = [one for one in targets() if one.format != exchange.format and one.format in formats]
    try:
        request = formats[exchange.format].read_request(json.loads(json.dumps(exchange.request)), exchange.place)
    except ShapeError as error:
        found = "" if exchange.status in ODD else f"unreadable: {error.code}"
        for target in others:
            failure = Failure("c", exchange.name, target.name, "read", found, f"{error} {error.param}")
            yield target, Carried([failure] if found else [], refused=str(error.param))
        return
    for target in others:
        yield target, _carry(exchange, request, target, formats[target.format])


def _carry(exchange: Exchange, request: Request, target: Target, spoken: Format) -> Carried:
    assert exchange.request is not None
    losses = Losses()
    try:
        written = spoken.write_request(request, target.dialect, losses)
        document = msgspec.json.decode(msgspec.json.encode(written))
    except (CannotCarry, ShapeError) as error:
        named = str(error.param)
        if exists(exchange.request, named) or exists(camel(exchange.request), named):
            return Carried([], refused=f"{exchange.format} → {target.name}: {_INDEX.sub('[]', named)}")
        failure = Failure("c", exchange.name, target.name, "refusal", "names no parameter", f"{named}: {error}")
        return Carried([failure], refused=named)
    except Exception as error:
        failure = Failure("c", exchange.name, target.name, "write", f"raises {type(error).__name__}", str(error))
        return Carried([failure])
    problems = [*lost(exchange, target.format, document, losses.dropped)]
    if exchange.status not in ODD:
        problems += _judged(target, document)
    return Carried([Failure("c", exchange.name, target.name, *problem) for problem in problems])


def _judged(target: Target, document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the published descriptions, the SDK and the strict rules say against a document."""
    if target.name == target.format:
        for name, wrong in request_checks(target.format):
            if (found := wrong(document)) is not None:
                yield name, _INDEX.sub("[]", found)[:160], found[:300]
    if (found := params.wrong(target.name, document)) is not None:
        yield "sdk types", found[:160], found[:300]
    for broken in STRICT[target.name](document):
        yield "strict", broken.rule, broken.at
