"""curl against a real gateway."""

import json
import re
import subprocess
from typing import Any

from tests.e2e.house import House
from tests.e2e.programs import WITHIN, needs, run
from tests.faults import replies

pytestmark = needs("curl")

JSON = ("-H", "content-type: application/json")


def body(model: str, **fields: Any) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hallo"}], **fields}).encode()


def curl(*options: str, given: bytes = b"") -> tuple[bytes, str]:
    """What curl prints, and what it tells about the exchange (`-v`)."""
    done = run("curl", "-sv", "--noproxy", "*", *options, given=given)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout, done.stderr.decode()


def statuses(told: str) -> list[str]:
    return re.findall(r"^< (HTTP/1\.[01] \d+)", told, re.MULTILINE)


def test_a_reply(house: House) -> None:
    said, told = curl(*JSON, "-d", body("openai/normal").decode(), f"{house.url}/chat/completions")
    assert json.loads(said)["choices"][0]["message"]["content"] == replies.TEXT
    assert statuses(told) == ["HTTP/1.1 200"]


def test_a_stream_is_printed_while_it_comes(house: House) -> None:
    """The provider stops after three pieces and stays silent: curl has printed them by then."""
    command = ["curl", "-sN", "--noproxy", "*", *JSON, "-d", "@-", f"{house.url}/chat/completions"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(body("openai/stall_mid_stream", stream=True))
        process.stdin.close()
        lines = [process.stdout.readline() for _ in range(8)]
        process.terminate()
        process.wait(WITHIN)
    assert b"".join(lines).count(b"data: {") == 4
    assert replies.PIECES[2].encode() in lines[6]


def test_a_whole_stream(house: House) -> None:
    said, _ = curl("-N", *JSON, "-d", body("openai/normal", stream=True).decode(), f"{house.url}/chat/completions")
    assert said.endswith(b"data: [DONE]\n\n")
    assert b'"usage":{' not in said


def test_a_large_request_waits_to_be_asked_for(house: House) -> None:
    large = body("openai/normal", padding="x" * (4 * 1024 * 1024))
    headers = ("-H", "Expect: 100-continue", "--expect100-timeout", "15")
    said, told = curl(*JSON, *headers, "--data-binary", "@-", f"{house.url}/chat/completions", given=large)
    assert statuses(told) == ["HTTP/1.1 100", "HTTP/1.1 200"]
    assert json.loads(said)["choices"]
    sent = house.upstream.requests[-1].json()
    assert sent == {**json.loads(large), "model": "normal"}


def test_a_request_above_the_limit_is_refused_before_it_is_sent(house: House) -> None:
    large = body("openai/normal", user="x" * (33 * 1024 * 1024))
    headers = ("-H", "Expect: 100-continue", "--expect100-timeout", "15")
    said, told = curl(*JSON, *headers, "--data-binary", "@-", f"{house.url}/chat/completions", given=large)
    assert statuses(told) == ["HTTP/1.1 413"]
    assert json.loads(said)["error"]["code"] == "request_too_large"


def test_a_request_in_chunks(house: House) -> None:
    headers = ("-H", "Transfer-Encoding: chunked")
    said, _ = curl(
        *JSON, *headers, "--data-binary", "@-", f"{house.url}/chat/completions", given=body("simulated/echo")
    )
    assert json.loads(said)["choices"][0]["message"]["content"] == "Hallo"


def test_http_1_0(house: House) -> None:
    said, told = curl("-0", *JSON, "-d", body("openai/normal", stream=True).decode(), f"{house.url}/chat/completions")
    assert said.endswith(b"data: [DONE]\n\n")
    assert "Transfer-Encoding" not in told.title()


def test_a_connection_is_used_again(house: House) -> None:
    url = f"{house.url}/models"
    _, told = curl(url, url)
    assert statuses(told) == ["HTTP/1.1 200", "HTTP/1.1 200"]
    assert len(re.findall("Connected to|Established connection", told)) == 1


def test_head_and_health(house: House) -> None:
    base = house.url.removesuffix("/v1")
    said, told = curl("-I", f"{base}/health/ready")
    assert statuses(told) == ["HTTP/1.1 200"]
    assert re.search(rb"(?i)content-length: [1-9]", said)
    said, _ = curl(f"{base}/health/live")
    assert json.loads(said) == {"status": "live"}


def test_a_web_page_may_not_call_without_a_key(house: House) -> None:
    said, told = curl(*JSON, "-H", "Origin: https://evil.example", "-d", "{}", f"{house.url}/chat/completions")
    assert statuses(told) == ["HTTP/1.1 403"]
    assert json.loads(said)["error"]["code"] == "local_only"
    _, told = curl("-d", body("simulated/echo").decode(), f"{house.url}/chat/completions")
    assert statuses(told) == ["HTTP/1.1 403"], "a form can be sent by any page"
