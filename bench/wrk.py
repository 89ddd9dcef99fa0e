"""wrk, where it is installed: a closed loop that costs the load's core far less than ours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from bench.errors import Failed
from bench.http1 import Target
from bench.load import Load
from bench.payload import WORD
from bench.process import Process
from bench.stats import Latency
from bench.venue import Venue, find_program

TIMEOUT_SECONDS = 30
SPARE_SECONDS = 20.0  # wrk connects everything first, and the slowest gateway takes its time to accept
_POLL_SECONDS = 0.25

_SCRIPT = """\
wrk.method = "POST"
{headers}
wrk.body = [==[{body}]==]
{turns}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests":%d,"microseconds":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,' ..
    '"p50":%.3f,"p90":%.3f,"p99":%.3f,"worst":%.3f}}\\n',
    summary.requests, summary.duration, e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
"""


_TURNS = """\
local before, after = wrk.body:match("^(.*){word}(.*)$")
local letters, turn = {{}}, 0
for digit = 0, 9 do letters[tostring(digit)] = string.char(97 + digit) end
function request()
  turn = (turn + 1) % {turns}
  local word = string.format("%08d", turn):gsub("%d", letters)
  return wrk.format(nil, nil, nil, before .. word .. after)
end
"""


def installed() -> bool:
    """Whether wrk is on this machine."""
    return find_program("wrk") is not None


def version() -> str:
    """What the report calls it."""
    return "wrk" if installed() else "our own generator (wrk is not installed)"


def run(
    venue: Venue,
    target: Target,
    body: bytes,
    *,
    connections: int,
    seconds: float,
    reconnect: bool = False,
    turns: int = 0,
    meanwhile: Callable[[], None] | None = None,
) -> Load:
    """Load the target on the load's core; `meanwhile` is called a few times a second. `turns`: see `Bench.load`."""
    program = find_program("wrk")
    assert program
    folder = venue.folder("wrk")
    file = folder / "post.lua"
    file.write_text(script(target, body, reconnect=reconnect, turns=turns))
    argv = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"--timeout={TIMEOUT_SECONDS}s"]
    with Process([*argv, "-s", str(file), target.url], core=venue.load_core, log=folder / "log") as process:
        deadline = time.perf_counter() + seconds + SPARE_SECONDS
        while process.ended is None:
            if time.perf_counter() > deadline:
                raise Failed("wrk did not end in time")
            time.sleep(_POLL_SECONDS)
            if meanwhile:
                meanwhile()
        return read_result(process.log.read_text(), reconnect=reconnect)


def read_result(output: str, *, reconnect: bool = False) -> Load:
    """The line that our script makes wrk print. wrk's latencies are in microseconds.

    With a connection per request, wrk's read errors do not count: that is what it calls a close that the reply did not
    announce, and a reply that is really missing is missing from the rate.
    """
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise Failed(f"wrk said: {output.strip()[-200:]}")
    found = json.loads(lines[0].removeprefix("RESULT "))
    errors = {name: found[name] for name in ("connect", "read", "write", "status", "timeout") if found[name]}
    seconds = found["microseconds"] / 1e6
    if found["requests"] == 0:
        kinds = ", ".join(f"{count} {name}" for name, count in errors.items()) or "none"
        raise Failed(f"no request was answered in {seconds:.0f} s; wrk's errors: {kinds}")
    if reconnect:
        errors.pop("read", None)
    p50, p90, p99, worst = (found[name] / 1000 for name in ("p50", "p90", "p99", "worst"))
    times = Latency(p50, p90, p99, worst, found["requests"])
    return Load(found["requests"], seconds, sum(errors.values()), times)


def script(target: Target, body: bytes, *, reconnect: bool, turns: int) -> str:
    """What wrk is told, in Lua."""
    headers = {"Content-Type": "application/json", **target.headers}
    if reconnect:
        headers["Connection"] = "close"
    lines = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    turning = _TURNS.format(word=WORD.decode(), turns=turns) if turns else ""
    return _SCRIPT.format(headers="\n".join(lines), body=body.decode(), turns=turning)
