"""The OpenAI Responses API, which Azure, Bedrock, xAI, DeepSeek, OpenRouter and local servers speak as well.

A request's `input` and a response's `output` are lists of items; each item is a message, a call, a result, reasoning,
or something of a tool that the provider runs. Facts from the published API description (2.3.0), the official SDK
(3.54) and recorded traffic.

State that a provider keeps (`previous_response_id`, `conversation`, `item_reference`, `background`) is read, and
refused by name where a request is translated; `history.py` joins what was kept elsewhere.
"""

from trunkline.formats.format import Format
from trunkline.formats.openai_responses.errors import write_error
from trunkline.formats.openai_responses.history import input_items, items_of, joined
from trunkline.formats.openai_responses.names import NAME, TOOL_NAME
from trunkline.formats.openai_responses.passing import edit, look, look_reply
from trunkline.formats.openai_responses.reply import read_reply, write_reply
from trunkline.formats.openai_responses.request_read import read_request
from trunkline.formats.openai_responses.request_write import write_request
from trunkline.formats.openai_responses.scanner import scanner
from trunkline.formats.openai_responses.stream_read import Reader
from trunkline.formats.openai_responses.stream_write import Writer

__all__ = ["FORMAT", "input_items", "items_of", "joined"]


def _path(model: str, stream: bool) -> str:
    del model, stream
    return "/responses"


FORMAT = Format(
    name=NAME,
    title="OpenAI Responses",
    path=_path,
    stream_type=b"text/event-stream",
    tool_name=TOOL_NAME,
    read_request=read_request,
    write_reply=write_reply,
    writer=Writer,
    write_error=write_error,
    write_request=write_request,
    read_reply=read_reply,
    reader=Reader,
    look=look,
    edit=edit,
    scanner=scanner,
    look_reply=look_reply,
)
