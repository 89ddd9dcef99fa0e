"""Amazon's side: requests that are signed as botocore signs them, and streams in binary frames."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.auth
import openai
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.e2e.formats import clients
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, Upstream, says, streams
from tests.faults import http1
from tests.faults.connection import Exchange
from tests.faults.gateway import RunningGateway, usual
from tests.running import Background

from trunkline.formats.eventstream import MEDIA_TYPE, Header, write_frame
from trunkline.serve import Process
from trunkline.setup import read_config

LOGIN = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
SESSION = {**LOGIN, "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE=="}
REGION = "eu-central-1"


def signature(request: Any, login: Mapping[str, str]) -> str:
    """As botocore signs what has arrived."""
    url = f"http://{request.header('host')}{request.target}"
    theirs = AWSRequest(method=request.method, url=url, data=bytes(request.body))
    theirs.context["timestamp"] = request.header("x-amz-date")
    theirs.headers["X-Amz-Date"] = request.header("x-amz-date")
    if "AWS_SESSION_TOKEN" in login:
        theirs.headers["X-Amz-Security-Token"] = login["AWS_SESSION_TOKEN"]
    credentials = Credentials(login["AWS_ACCESS_KEY_ID"], login["AWS_SECRET_ACCESS_KEY"])
    signer = botocore.auth.SigV4Auth(credentials, "bedrock", REGION)
    return str(signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs))


class Signed(RunningGateway):
    """A gateway that has a login in its environment."""

    def __init__(self, folder: Path, config: dict[str, Any], environment: Mapping[str, str]) -> None:
        super().__init__(folder, config)
        self._environment = environment
        self.process = Process(self.options, environment, self._log)

    async def start(self) -> None:
        await self.process.start(read_config(self.options, self._environment))


@contextlib.asynccontextmanager
async def signing(upstream: Upstream, environment: Mapping[str, str]) -> AsyncIterator[Signed]:
    """A gateway whose provider `bedrock` is `upstream`, which takes signatures only."""
    provider = {"type": "bedrock", "region": REGION, "base_url": upstream.url.removesuffix("/v1")}
    with tempfile.TemporaryDirectory() as folder:
        config = usual(Path(folder), "", {"providers": {"bedrock": provider}})
        running = Signed(Path(folder), config, environment)
        await running.start()
        try:
            yield running
        finally:
            await running.close()


async def strict(upstream: Upstream, x: Exchange) -> None:
    """Answers only what is signed with `LOGIN`, or in a session of it."""
    authorization = x.request.header("authorization") or ""
    login = SESSION if x.request.header("x-amz-security-token") else LOGIN
    if authorization.endswith(f"Signature={signature(x.request, login)}"):
        await says(HELLO)(upstream, x)
    else:
        body = b'{"message":"The request signature we calculated does not match the signature you provided."}'
        kind = [("x-amzn-errortype", "InvalidSignatureException:http://internal.amazon.com/")]
        await x.send(http1.message(403, body, kind))


@pytest.fixture
def background() -> Iterator[Background]:
    with Background() as background:
        yield background


@pytest.mark.parametrize("environment", [LOGIN, SESSION], ids=["key", "session"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_signed_as_botocore_signs_it(
    background: Background, environment: dict[str, str], stream: bool
) -> None:
    upstream = background.enter(Upstream("bedrock"))
    running = background.enter(signing(upstream, environment))
    with openai.OpenAI(base_url=f"http://127.0.0.1:{running.port}/v1", api_key="any", max_retries=0) as sdk:
        for model in (MODELS["bedrock"], "bedrock/arn:aws:bedrock:eu-central-1:1:inference-profile/a.b-v1:0"):
            upstream.act(strict, strict)
            for _ in range(2):
                said: Any = sdk.chat.completions.create(
                    model=model, messages=[{"role": "user", "content": "Grüße"}], stream=stream
                )
                if stream:
                    text = "".join(chunk.choices[0].delta.content or "" for chunk in said if chunk.choices)
                else:
                    text = said.choices[0].message.content
                assert text == HELLO.text
    assert upstream.requests[-1].target.startswith(
        "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2F"
    )


def test_a_wrong_secret_is_the_operators_trouble(background: Background) -> None:
    upstream = background.enter(Upstream("bedrock"))
    upstream.act(strict)
    running = background.enter(signing(upstream, {**LOGIN, "AWS_SECRET_ACCESS_KEY": "wrong"}))
    with (
        openai.OpenAI(base_url=f"http://127.0.0.1:{running.port}/v1", api_key="any", max_retries=0) as sdk,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        sdk.chat.completions.create(model=MODELS["bedrock"], messages=[{"role": "user", "content": "Hallo"}])
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")


def exception(kind: str, message: str) -> bytes:
    """A frame that says a failure, as AWS sends it."""
    headers = (
        Header(":exception-type", kind),
        Header(":content-type", "application/json"),
        Header(":message-type", "exception"),
    )
    return write_frame(headers, b'{"message":"%b"}' % message.encode())


@pytest.mark.parametrize("client", clients.ALL)
def test_an_exception_in_the_middle_of_a_stream_is_the_clients_error(hall: Hall, client: str) -> None:
    _, events = hall.upstreams["bedrock"].events(HELLO)
    frame = exception("modelStreamErrorException", "It is like this.")
    hall.act("bedrock", streams(*events[:6], frame, media=MEDIA_TYPE.decode()))
    with pytest.raises(hall.clients[client].raises, match="It is like this"):
        hall.clients[client].say("Hallo", MODELS["bedrock"], stream=True)
    assert (hall.row().outcome, hall.row().error) == ("truncated", "upstream_server_error")


@pytest.mark.parametrize("client", clients.ALL)
def test_an_exception_as_the_first_frame_is_told_by_the_status(hall: Hall, client: str) -> None:
    frame = exception("internalServerException", "It is like this.")
    hall.act("bedrock", streams(frame, media=MEDIA_TYPE.decode()))
    with pytest.raises(hall.clients[client].raises, match="It is like this") as caught:
        hall.clients[client].say("Hallo", MODELS["bedrock"], stream=True)
    assert hall.clients[client].status(caught.value) == 502


def test_a_frame_whose_checksum_is_wrong_is_no_frame(hall: Hall) -> None:
    _, events = hall.upstreams["bedrock"].events(HELLO)
    broken = events[6][:-1] + bytes([events[6][-1] ^ 1])
    hall.act("bedrock", streams(*events[:6], broken, *events[7:], media=MEDIA_TYPE.decode()))
    with pytest.raises(openai.APIError) as caught:
        hall.clients["chat"].say("Hallo", MODELS["bedrock"], stream=True)
    assert getattr(caught.value, "code", "") == "stream_truncated"
