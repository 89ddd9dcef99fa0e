"""Google generateContent, as Gemini and Vertex AI speak it.

    names        camelCase and snake_case, and what a document used
    request_*    requests, with contents_*, parts_*, calls_*, media_*, tools_*, settings_*, thinking, schemas
    reply_*      replies, with facts (stop, usage, log probabilities) and citations
    stream_*     streams, with framing (events or one array) and partial_args
    passing      requests and replies that pass; scanner: streams that do; frame: what is looked at of both
    signatures   what Gemini wants back with its calls
    left_behind  what other formats say that has no place here; paths: by which names a client knows it
    counting     `:countTokens` and the listing of models

The model and whether to stream are in the path. Facts from the published descriptions of both APIs, Google's SDK and
recorded traffic.
"""

from trunkline.formats.format import Format
from trunkline.formats.google_generate.errors import write_error
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.google_generate.passing import edit, look, look_reply, path
from trunkline.formats.google_generate.reply_read import read_reply
from trunkline.formats.google_generate.reply_write import write_reply
from trunkline.formats.google_generate.request_read import read_request
from trunkline.formats.google_generate.request_write import write_request
from trunkline.formats.google_generate.scanner import scanner
from trunkline.formats.google_generate.stream_read import StreamReader
from trunkline.formats.google_generate.stream_write import StreamWriter
from trunkline.formats.google_generate.tools_write import TOOL_NAME

FORMAT = Format(
    name=NAME,
    title="Google generateContent",
    path=path,
    stream_type=b"text/event-stream",
    tool_name=TOOL_NAME,
    read_request=read_request,
    write_reply=write_reply,
    writer=StreamWriter,
    write_error=write_error,
    write_request=write_request,
    read_reply=read_reply,
    reader=StreamReader,
    look=look,
    edit=edit,
    scanner=scanner,
    look_reply=look_reply,
)
