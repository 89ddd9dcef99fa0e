"""Anthropic Messages: what Anthropic, Claude on Vertex AI, Azure and Bedrock (InvokeModel), and servers like Ollama and
OpenRouter speak.

    request_read      a client's document → neutral      request_write  neutral → a provider's document
    reply             a provider's message ↔ neutral
    stream_read       a provider's events → neutral      stream_write   neutral → a client's events
    passing, scanner  both sides speak it                counting       count_tokens
    errors            as the SDK raises them

A request that came in this format is written back as it came (`blocks_*`); one that came in another is put into this
one's turns (`turns_write`, `parts_write`, `tools_write`, `schema`, `thinking`), and what it cannot say is told in the
client's words (`told`). In a stream, `ping` is kept towards clients of this format, and means nothing to others.

Facts: the published types of Anthropic's SDK, platform.claude.com, and recorded traffic.
"""

from trunkline.formats.anthropic_messages.counting import (
    COUNT_PATH,
    count_request,
    read_count,
    read_count_request,
    write_count,
)
from trunkline.formats.anthropic_messages.errors import write_error
from trunkline.formats.anthropic_messages.passing import edit, look, look_reply
from trunkline.formats.anthropic_messages.reply import read_reply, write_reply
from trunkline.formats.anthropic_messages.request_read import read_request
from trunkline.formats.anthropic_messages.request_write import write_request
from trunkline.formats.anthropic_messages.scanner import Scanner
from trunkline.formats.anthropic_messages.stream_read import StreamReader
from trunkline.formats.anthropic_messages.stream_write import StreamWriter
from trunkline.formats.anthropic_messages.tools_write import PROPERTY_NAME, TOOL_NAME
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.format import Format


def _path(model: str, stream: bool) -> str:
    """The same for all models, streamed or not. The base URL ends in `/v1`."""
    return "/messages"


FORMAT = Format(
    name=NAME,
    title="Anthropic Messages",
    path=_path,
    stream_type=b"text/event-stream",
    tool_name=TOOL_NAME,
    property_name=PROPERTY_NAME,
    read_request=read_request,
    write_reply=write_reply,
    writer=StreamWriter,
    write_error=write_error,
    write_request=write_request,
    read_reply=read_reply,
    reader=StreamReader,
    look=look,
    edit=edit,
    scanner=Scanner,
    look_reply=look_reply,
)

__all__ = ["COUNT_PATH", "FORMAT", "count_request", "read_count", "read_count_request", "write_count"]
