"""The page `docs/reference/providers.md`, made of the facts of every provider.

python -m trunkline.providers.reference > docs/reference/providers.md
"""

import sys

from trunkline.providers import PROVIDERS
from trunkline.providers.base import Provider

_HEAD = """\
<!-- Made from the files in src/trunkline/providers/ by src/trunkline/providers/reference.py. -->

# Providers

A provider answers as `name/model`: `openai/gpt-4o` asks the provider called `openai` for `gpt-4o`. It is there when it
stands under `providers` in `trunkline.yaml`, or, without being written, when the environment holds its key.
`trunkline providers` lists those that are there, `trunkline doctor` tries them.

The `type` of a provider is one of these. It may be left out where the provider's name is its type, so `openai: {}` is
of the type `openai`; two accounts with OpenAI are two names with `type: openai`.

| Type | What it is | URL | URL from | Key from | A stream is whole | Prices |
|---|---|---|---|---|---|---|
"""

_TAIL = """\

- **Key from**: the environment variable that is read where neither `api_key` nor `api_keys` stands in the file.
- **URL from**: `base_url` in the file comes first, then the variable, then the default.
- **A stream is whole** when what is named here has come. Anything less reaches the application as `stream_truncated`.
  `terminator` sets it for servers that differ from their type.
- **Prices** come from the `genai-prices` catalogue by the provider's id there; `price` and `prices` in the file go
  before it. What has neither is recorded as unpriced, never as free.

## What a provider's error means

Trunkline reads the status and the body of a provider's error and judges whose fault it is:

| Judgement | By | What follows |
|---|---|---|
| the request's | any other 4xx | The answer is handed on as it is; no further attempt. |
| rate limit | 429 | Further attempts; at last 429, with the provider's `retry-after`. |
| the operator's key | 401, 403, or a 400 that says so | The key rests for a minute; at last `upstream_auth`. |
| the operator's credit | 402, or a code or message that says so | Likewise; at last `upstream_quota`. |
| the provider's | 5xx, 408, 409, 425 | Further attempts; at last `upstream_server_error`. |

An error that comes with a status of 200, or as an event of a stream, is judged in the same way. With OpenAI, a 403 of
the type `invalid_request_error` is about the model, so it is the request's.

Of the operator's account nothing is told to applications; the log has the provider's name and the reason.

## The simulated provider

`simulated` is always there. It answers inside the process, without key or network; the model picks what happens. See
[Develop and load-test offline](../how-to/develop-offline.md).
"""

_ENDINGS = {"done": "`data: [DONE]`", "finish": "every choice has its finish reason"}


def render() -> str:
    """The page as Markdown."""
    return "".join([_HEAD, *map(_row, PROVIDERS.values()), _TAIL])


def _row(facts: Provider) -> str:
    cells = [
        f"`{facts.type}`",
        facts.title,
        facts.base_url or "",
        f"`{facts.base_variable}`" if facts.base_variable else "",
        ", ".join(f"`{name}`" for name in facts.key_variables) or "not needed",
        _ENDINGS[facts.ending],
        f"`{facts.catalogue}`" if facts.catalogue else "none",
    ]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
