"""The sampling, output and thinking of a request as `generationConfig`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trunkline.formats.conversation import OutputFormat, Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.names import NAME, SETTINGS, number
from trunkline.formats.google_generate.schemas import CannotSay, Json, from_json_schema, to_json_schema
from trunkline.formats.google_generate.settings_read import NUMBERS
from trunkline.formats.google_generate.thinking import write_thinking
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.formats.paths import name_of, schema_path

_HARMLESS = frozenset({"temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed"})
"""Dropped where the model refuses them: the answer is still an answer to the request."""
_MATTERS = {
    "choices": "This model gives one answer to a request.",
    "stop": "This model takes no stop sequences.",
    "logprobs": "This model gives no log probabilities.",
    "output_json": "This model cannot be held to JSON.",
    "output_schema": "This model cannot be held to a JSON Schema.",
}
_MOST_STOPS = 5
_SEEDS = 2**31
"""A seed is a signed number of 32 bits."""

_decode = msgspec.json.Decoder().decode


class Settings:
    """Builds one `generationConfig`."""

    def __init__(self, request: Request, dialect: Dialect, losses: Losses, config: Json, thinking: Json) -> None:
        """`config` and `thinking` (its `thinkingConfig`) hold what is in them already."""
        self._request = request
        self._dialect = dialect
        self._losses = losses
        self._own = request.format == NAME
        self._spelling: Mapping[str, str] = request.spelling if self._own else {}
        self._config = config
        self._thinking = thinking

    def write(self) -> None:
        """Add what the request says. Raises `CannotCarry`."""
        request = self._request
        for name, field in NUMBERS.items():
            self._put_number(name, field)
        self._put_integers()
        if self._spelling.get("modalities") == "text":
            self._put("responseModalities", ["TEXT"])
        if request.stop and not self._refused("stop", "stop"):
            if len(request.stop) > _MOST_STOPS and not self._own:
                why = f"This model takes no more than {_MOST_STOPS} stop sequences."
                self._losses.refuse(name_of(request, "stop"), why)
            self._put("stopSequences", request.stop if self._own else request.stop[:_MOST_STOPS])
        if request.output is not None:
            self._put_output(request.output)
        if request.thinking is not None:
            write_thinking(request, request.thinking, self._dialect, self._losses, self._thinking)
        if self._thinking or (self._own and request.thinking is not None):
            self._put("thinkingConfig", self._thinking)

    def _put(self, name: str, value: Any) -> None:
        as_written = self._spelling.get(f"{SETTINGS}.{name} as written", "")
        if as_written and number(_decode(as_written)) == value:
            value = _decode(as_written)
        self._config[self._spelling.get(f"{SETTINGS}.{name}", name)] = value

    def _put_number(self, name: str, field: str) -> None:
        value = getattr(self._request, field)
        if value is None:
            return
        if field in _HARMLESS and field in self._dialect.refuses:
            self._losses.drop(name_of(self._request, field))
            return
        most = self._dialect.most_temperature
        self._put(name, most if field == "temperature" and most is not None and value > most else value)

    def _put_integers(self) -> None:
        request, most = self._request, self._dialect.max_output
        output, seed = request.max_output, request.seed
        if output is not None and output < 1 and not self._own:  # some servers' word for no limit
            self._losses.drop(name_of(request, "max_output"))
        elif output is not None:
            self._put("maxOutputTokens", output if most is None else min(output, most))
        if seed is not None and not self._own and not -_SEEDS <= seed < _SEEDS:
            self._put("seed", seed % _SEEDS)
            self._losses.drop(name_of(request, "seed"))  # what is sent is made of it
        else:
            self._put_number("seed", "seed")
        choices = request.choices
        if choices is not None and (self._own or choices > 1) and not self._refused("choices", "choices"):
            self._put("candidateCount", choices)
        self._put_logprobs()

    def _put_logprobs(self) -> None:
        request = self._request
        wanted, top = request.logprobs, request.top_logprobs
        if not self._own:
            if top and not wanted:
                self._losses.drop(name_of(request, "top_logprobs"))
            wanted = wanted or None
            top = top if wanted else None
        if (wanted or top) and self._refused("logprobs", "logprobs"):
            return
        if wanted is not None:
            self._put("responseLogprobs", wanted)
        if top is not None:
            self._put("logprobs", top)

    def _refused(self, flag: str, field: str) -> bool:
        """Whether the model refuses `flag`, on which the answer depends. Raises `CannotCarry` then, mostly."""
        if flag not in self._dialect.refuses:
            return False
        if flag != "choices" or (self._request.choices or 1) > 1:
            self._losses.refuse(name_of(self._request, field), _MATTERS[flag])
        return True

    def _put_output(self, output: OutputFormat) -> None:
        spelling = output.spelling if self._own else {}
        if output.kind == "text":
            if self._own:
                self._put("responseMimeType", "text/plain")
            return
        if self._refused("output_json" if output.kind == "json" else "output_schema", "output"):
            return
        media_type = spelling.get("media type", "application/json")
        if media_type != "absent":
            self._put("responseMimeType", media_type)
        if output.schema is None:
            return
        field = spelling.get("schema") or ("responseSchema" if takes_subset(self._dialect) else "responseJsonSchema")
        as_written = spelling.get("as written", "")
        if field == "responseJsonSchema" or (self._own and not as_written):
            self._put(field, output.schema)
        else:
            path = f"{SETTINGS}.{field}" if self._own else schema_path(self._request)
            self._put(field, subset(output.schema, as_written, path, self._losses, ordered=not self._own))


def takes_subset(dialect: Dialect) -> bool:
    """Whether schemas for this model must be of the OpenAPI subset.

    Models since Gemini 2.5 take JSON Schema itself, in `parametersJsonSchema` and `responseJsonSchema`, which say more
    and need no conversion; so these are used unless the dialect says that schemas do not go as `json_schema`.
    """
    return dialect.schema_field != "json_schema"


def subset(schema: Json, as_written: str, path: str, losses: Losses, *, ordered: bool = False) -> Json:
    """`schema` as `Schema`: as it was written, where it is still the same. Raises `CannotCarry` with the path of the
    first thing in it that cannot be said.
    """
    if as_written:
        written: Json = _decode(as_written)
        if to_json_schema(written) == schema:
            return written
    try:
        made, left_out = from_json_schema(schema, ordered=ordered)
    except CannotSay as error:
        where = f"{path}.{error.path}" if error.path else path
        raise CannotCarry(f"'{where}' cannot be said in the schemas that this model takes.", where) from None
    if left_out:
        losses.drop(path)
    return made
