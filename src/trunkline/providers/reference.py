"""The page `docs/reference/providers.md`, made of the facts of every provider.

python -m trunkline.providers.reference > docs/reference/providers.md
"""

import sys

from trunkline.providers import PROVIDERS
from trunkline.providers.base import Provider
from trunkline.providers.describe import describe

_HEAD = """\
<!-- Made from the files in src/trunkline/providers/pages/ by src/trunkline/providers/reference.py. -->

# Providers

A provider answers as `name/model`: `openai/gpt-4o` asks the provider called `openai` for `gpt-4o`. It is there when it
stands under `providers` in `trunkline.yaml`, or, without being written, when the environment holds its key and what
its URL needs. A server that one runs oneself is there when the variable of its URL is set. `trunkline providers` lists
those that are there, `trunkline doctor` tries them. For one that is not here, see
[Add a provider](../how-to/add-a-provider.md).

The `type` of a provider is one of these. It may be left out where the provider's name is its type, so `openai: {}` is
of the type `openai`; two accounts with OpenAI are two names with `type: openai`.

| Type | What it is | Formats | URL | There with |
|---|---|---|---|---|
"""

_MIDDLE = """\

- **Formats** are those it speaks itself, the first of them where nothing else is said. `format` chooses another.
- **URL**: `base_url` in the file comes first, then the variable named below, then this. What stands in braces is filled
  with the provider's setting of that name, or a variable named below; `{host}` follows from `region` or `location`.
- **There with**: the environment variable that makes it be there without being written; two that begin with `AWS_` only
  together. A key in the file, `api_key` or `api_keys`, comes before one in the environment.

## Each of them
"""

_TAIL = """\

- **Streams are whole** when what is told here has come. Anything less reaches the application as `stream_truncated`.
  `terminator` sets it for servers that differ from their type.
- **Not taken** is what none of its models take; what a single model does not take comes on top of that. Harmless
  parameters are dropped, others refused.
- **A stream's cost**: where it goes on, a request that is given up still costs what the model would have written.
- **Prices** come from the `genai-prices` catalogue by the provider's id there; `price` and `prices` in the file go
  before it. What has neither is recorded as unpriced, never as free.

## What a provider's error means

Trunkline reads the status, the headers and the body of a provider's error and judges whose fault it is:

| Judgement | By | What follows |
|---|---|---|
| the request's | any other 4xx | The answer is handed on as it is; no further attempt. |
| rate limit | 429 | Further attempts; at last 429, with the provider's `retry-after`. |
| the operator's key | 401, 403, or a 400 that says so | The key rests for a minute; at last `upstream_auth`. |
| the operator's credit | 402, or a code or message that says so | Likewise; at last `upstream_quota`. |
| the provider's | 5xx, 408, 409, 425 | Further attempts; at last `upstream_server_error`. |

An error that comes with a status of 200, or as an event of a stream, is judged in the same way. Where a provider means
something else by a status or a code, its file says so: with Moonshot, a 429 of the type `exceeded_current_quota_error`
is about credit; with Together, a 403 is about the length of the request.

Of the operator's account nothing is told to applications; the log has the provider's name and the reason.

## The simulated provider

`simulated` is always there. It answers inside the process, without key or network; the model picks what happens. See
[Develop and load-test offline](../how-to/develop-offline.md).
"""


def render() -> str:
    """The page as Markdown."""
    pages = (_page(facts) for facts in PROVIDERS.values() if facts.base_url)
    return "".join([_HEAD, *map(_row, PROVIDERS.values()), _MIDDLE, *pages, _TAIL])


def _row(facts: Provider) -> str:
    cells = [
        f"`{facts.type}`",
        facts.title,
        ", ".join(f"`{name}`" for name in facts.formats),
        f"`{facts.base_url}`" if facts.base_url else "",
        ", ".join(f"`{name}`" for name in facts.making),
    ]
    return f"| {' | '.join(cells)} |\n"


def _page(facts: Provider) -> str:
    lines = "".join(f"- {label}: {text}.\n" for label, text in describe(facts))
    return f"\n### {facts.title}\n\n{lines}"


if __name__ == "__main__":
    sys.stdout.write(render())
