"""OpenAI Chat Completions, and legacy Completions, which share its replies' frame.

Facts from the published API description and from recorded traffic of OpenAI and of the many servers that speak the
format in their own way. `request_*`, `messages_*` and `parts_*` go from a request to the neutral types and back;
`reply_*` and `stream_*` do the same for what is answered, `legacy_*` for the old format; `passing` and `scanner` are
for requests and replies that pass as they are.
"""

from trunkline.formats.format import Format
from trunkline.formats.openai_chat import (
    errors,
    legacy_reply,
    legacy_request,
    passing,
    reply_read,
    reply_write,
    request_read,
    request_write,
    scanner,
    stream_read,
    stream_write,
)
from trunkline.formats.openai_chat.errors import error_body as write_error
from trunkline.formats.openai_chat.tools import TOOL_NAME

FORMAT = Format(
    name="openai_chat",
    title="OpenAI Chat Completions",
    path=lambda model, stream: "/chat/completions",
    stream_type=b"text/event-stream",
    tool_name=TOOL_NAME,
    read_request=request_read.read_request,
    write_reply=reply_write.write_reply,
    writer=stream_write.writer,
    write_error=errors.write_error,
    write_request=request_write.write_request,
    read_reply=reply_read.read_reply,
    reader=stream_read.reader,
    look=passing.look,
    edit=passing.edit,
    fits=passing.fits,
    scanner=scanner.Scanner,
    look_reply=passing.look_reply,
)
FORMAT_COMPLETIONS = Format(
    name="openai_completions",
    title="OpenAI Completions (legacy)",
    path=lambda model, stream: "/completions",
    stream_type=b"text/event-stream",
    tool_name=TOOL_NAME,
    read_request=legacy_request.read_request,
    write_reply=legacy_reply.write_reply,
    writer=legacy_reply.writer,
    write_error=errors.write_error,
    write_request=legacy_request.write_request,
    read_reply=legacy_reply.read_reply,
    reader=legacy_reply.reader,
    look=passing.look_completions,
    edit=passing.edit,
    scanner=scanner.Scanner,
    look_reply=passing.look_reply,
)

__all__ = ["FORMAT", "FORMAT_COMPLETIONS", "write_error"]
