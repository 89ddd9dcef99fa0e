"""`fetch`, as JavaScript programs use it, against a real gateway."""

import json
from typing import Any

from tests.e2e.house import House
from tests.e2e.programs import needs, run
from tests.faults import replies

pytestmark = needs("node")

READ = """
const [url, body] = process.argv.slice(1);
const reply = await fetch(url, {method: "POST", headers: {"content-type": "application/json"}, body});
const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
let text = "", reads = 0;
for (;;) {
  const {done, value} = await reader.read();
  if (done) break;
  text += value; reads += 1;
}
console.log(JSON.stringify({status: reply.status, type: reply.headers.get("content-type"), text, reads}));
"""

LEAVE = """
const [url, body] = process.argv.slice(1);
const leaving = new AbortController();
const request = {method: "POST", headers: {"content-type": "application/json"}, body, signal: leaving.signal};
const reply = await fetch(url, request);
const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
while (!text.includes(" 世界")) text += (await reader.read()).value;
leaving.abort();
try { await reader.read(); console.log("went on"); } catch (error) { console.log(error.name); }
"""


def node(script: str, house: House, model: str, **fields: Any) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hallo"}], **fields}
    url = f"{house.url}/chat/completions"
    done = run("node", "--input-type=module", "-e", script, url, json.dumps(body))
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_a_reply_and_an_error(house: House) -> None:
    said = json.loads(node(READ, house, "openai/normal"))
    assert (said["status"], said["type"]) == (200, "application/json")
    assert json.loads(said["text"])["choices"][0]["message"]["content"] == replies.TEXT
    said = json.loads(node(READ, house, "nobody/knows"))
    assert said["status"] == 404
    assert json.loads(said["text"])["error"]["code"] == "model_not_found"


def test_a_stream(house: House) -> None:
    said = json.loads(node(READ, house, "openai/normal", stream=True))
    assert (said["status"], said["type"]) == (200, "text/event-stream; charset=utf-8")
    events = [event.removeprefix("data: ") for event in said["text"].split("\n\n")]
    assert events[-2:] == ["[DONE]", ""]
    assert "".join(json.loads(event)["choices"][0]["delta"].get("content", "") for event in events[:-2]) == replies.TEXT


def test_an_aborted_stream_closes_upstream(house: House) -> None:
    before = len(house.upstream.requests)
    assert node(LEAVE, house, "openai/stall_mid_stream", stream=True) == "AbortError"
    request = house.background.run(house.upstream.request(before))
    house.background.run(house.upstream.closed(request.connection, within=0.1))
