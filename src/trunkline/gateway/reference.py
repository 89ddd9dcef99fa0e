"""The page `docs/reference/errors.md`, made of the classes of `gateway.errors`.

python -m trunkline.gateway.reference > docs/reference/errors.md
"""

import sys
from collections.abc import Iterator

from trunkline.gateway.errors import GatewayError, InvalidRequest, TransportRefused, UpstreamError, UpstreamRefused

REQUEST_CODES = {
    "invalid_json": "The body is not JSON, not UTF-8, not an object, or nested too deep. The message has the place.",
    "missing_required_parameter": "A field is missing; `param` is its path.",
    "invalid_type": "A field has the wrong type; `param` is its path.",
    "invalid_value": "A field has a value that is not known, or that nothing can be; `param` is its path.",
}
"""What an `InvalidRequest` is about, where it has no class of its own."""

REFUSALS = {
    (400, "invalid_http"): "It is not HTTP/1.1, or leaves open what was meant: two lengths, two keys, no `Host`.",
    (400, "upgrade_not_supported"): "It asks for another protocol than HTTP/1.1.",
    (408, "request_timeout"): "Its headers or its body came too slowly (`server.timeouts`).",
    (413, "request_too_large"): "Its body is larger than `server.limits.body`. The rest of it is not read.",
    (417, "invalid_http"): "It expects something other than `100-continue`.",
    (431, "headers_too_large"): "Its request line and headers are larger than `server.limits.headers`.",
    (501, "invalid_http"): "Its transfer coding is another than `chunked`.",
}
"""What `transport` refuses before a request is whole, by status and code."""

_HEAD = """\
<!-- Made from src/trunkline/gateway/errors by src/trunkline/gateway/reference.py. -->

# Errors

An error has the shape of OpenAI's, so that every SDK raises what it raises for OpenAI:

```json
{"error": {"message": "…", "type": "invalid_request_error", "param": "messages[0].role", "code": "invalid_type"}}
```

`message` is for people and may change. `code` is for programs and does not. `type` says whose turn it is:

| `type` | Whose turn |
|---|---|
| `invalid_request_error` | The application's: the same request will fail again. |
| `authentication_error` | The application's: it needs another key. |
| `permission_error` | The operator's: this key, or this way of calling, is not allowed. |
| `rate_limit_error` | Nobody's: try again after `retry-after`. |
| `upstream_error` | The provider's. Trunkline has made its attempts; the message lists them where there were several. |
| `server_error` | Trunkline's, or its operator's. |

`x-should-retry: false` tells an SDK not to try again by itself: the fault will not pass, or Trunkline has tried.

The same codes are in the log (`error`), in the metrics (`code`) and in the ledger (`error`).

"""

_REFUSED = f"""
## Requests that are refused before they are whole

Their `type` is `{TransportRefused.kind}`, and the connection ends with the answer.

| Status | `code` | Meaning |
|---|---|---|
"""

_HANDED_ON = f"""
## Requests that the provider refuses

Where the fault is the request's, the provider's own answer is handed on: status, body and content type are unchanged,
so `code` and `type` are the provider's. In the log, the metrics and the ledger it counts as `{UpstreamRefused.code}`.
"""

_STREAMS = """
## In a stream

Until the first output, a failed stream is told like any other request, by a status. If a keep-alive comment has gone
out before, or output, the status was 200; then the error is the last event, and no `data: [DONE]` follows it:

```text
data: {"error":{"message":"…","type":"upstream_error","param":null,"code":"stream_truncated"}}
```

A stream that ends with neither `data: [DONE]` nor an error was cut between Trunkline and the application.
"""


def render() -> str:
    """The page as Markdown."""
    return "".join(
        [
            _HEAD,
            "## Requests\n\n| Status | `code` | `type` | Meaning |\n|---|---|---|---|\n",
            *map(_row, _told()),
            _REFUSED,
            *(f"| {status} | `{code}` | {meaning} |\n" for (status, code), meaning in REFUSALS.items()),
            _HANDED_ON,
            _STREAMS,
        ]
    )


def _told() -> Iterator[tuple[int, str, str, str]]:
    """Status, code, type and meaning of every error that has a status of its own."""
    for code, meaning in REQUEST_CODES.items():
        yield InvalidRequest.status, code, InvalidRequest.kind, meaning
    for kind in _below(GatewayError):
        if kind not in (InvalidRequest, TransportRefused, UpstreamError, UpstreamRefused):
            yield kind.status, kind.code or "", kind.kind, " ".join((kind.__doc__ or "").split())


def _below(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    """Every class below `kind`, in the order of their definition."""
    for inner in kind.__subclasses__():
        yield inner
        yield from _below(inner)


def _row(told: tuple[int, str, str, str]) -> str:
    status, code, kind, meaning = told
    return f"| {status} | `{code}` | `{kind}` | {meaning} |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
