"""AWS Bedrock's Converse and ConverseStream.

Facts from the published service description (botocore), AWS's API reference and recorded traffic. The model is in the
path, a stream is binary (`formats/eventstream.py`), and what a family of models takes beside the common parameters
stands in `additionalModelRequestFields`.
"""

import string

from trunkline.formats.bedrock_converse.content_write import PROPERTY_NAME, TOOL_NAME
from trunkline.formats.bedrock_converse.errors import write_error
from trunkline.formats.bedrock_converse.passing import edit, look, look_reply, scanner
from trunkline.formats.bedrock_converse.reply import read_reply, write_reply
from trunkline.formats.bedrock_converse.request_read import read_request
from trunkline.formats.bedrock_converse.request_write import write_request
from trunkline.formats.bedrock_converse.stream_read import reader
from trunkline.formats.bedrock_converse.stream_write import writer
from trunkline.formats.bedrock_converse.terms import NAME
from trunkline.formats.eventstream import MEDIA_TYPE
from trunkline.formats.format import Format

_PLAIN = frozenset(f"{string.ascii_letters}{string.digits}-._~".encode())


def path(model: str, stream: bool) -> str:
    """Of the operation. The id of a model may have colons and slashes, which are percent-encoded."""
    encoded = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in model.encode())
    return f"/model/{encoded}/{'converse-stream' if stream else 'converse'}"


FORMAT = Format(
    name=NAME,
    title="AWS Bedrock Converse",
    path=path,
    stream_type=MEDIA_TYPE,
    tool_name=TOOL_NAME,
    property_name=PROPERTY_NAME,
    read_request=read_request,
    write_reply=write_reply,
    writer=writer,
    write_error=write_error,
    write_request=write_request,
    read_reply=read_reply,
    reader=reader,
    look=look,
    edit=edit,
    scanner=scanner,
    look_reply=look_reply,
)
