"""What is taken out of a transcript before it is kept."""

import json

from tests.guard.policies import pii

from trunkline.formats.format import Place
from trunkline.formats.registry import FORMATS
from trunkline.gateway.redacting import redacted
from trunkline.guard.screen import Screen
from trunkline.kept.transcript import Said

MAIL = "alice.smith@example.com"


def test_what_is_meant_for_a_tools_own_server_is_not_kept_either() -> None:
    """It has to be sent, so no policy about requests looks at it; but there is no reason to keep it."""
    server = {"type": "mcp", "server_label": "crm", "headers": {"x-on-behalf-of": MAIL, MAIL: "x"}}
    body = {"model": "m", "messages": [{"role": "user", "content": f"I am {MAIL}."}], "tools": [server]}
    said = Said(
        path="/v1/chat/completions",
        format="openai_chat",
        tags="",
        label="",
        attempts=1,
        message="",
        input=json.dumps(body).encode(),
        output=b"",
        streamed=False,
        whole=True,
    )
    kept = redacted(said, FORMATS["openai_chat"], Place(), [Screen([pii("email")])])
    assert json.loads(kept.input) == json.loads(json.dumps(body).replace(MAIL, "[EMAIL]"))
