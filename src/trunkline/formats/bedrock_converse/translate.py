"""A request of another format in the words of Converse."""

from typing import Any

from trunkline.formats.bedrock_converse.settings_write import (
    leave_rest,
    write_inference,
    write_metadata,
    write_output,
    write_tier,
    write_top_k,
)
from trunkline.formats.bedrock_converse.thinking_write import without_sampling, write_thinking
from trunkline.formats.bedrock_converse.tools_write import write_tools
from trunkline.formats.bedrock_converse.turns_write import write_conversation
from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import leave_request
from trunkline.formats.losses import Losses


def translate(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    """The document to send. Raises `CannotCarry`."""
    leave_request(request, losses)
    leave_rest(request, losses)
    output, instruction = write_output(request, dialect, losses)
    conversation = write_conversation(request, instruction, dialect, losses)
    inference = write_inference(request, dialect, losses)
    tools, choice = write_tools(request, dialect, losses, conversation.tools_used)
    wish = write_thinking(request, dialect, conversation.messages, losses)
    fields = {**write_top_k(request, dialect, losses), **choice, **wish.fields}
    if wish.on:
        without_sampling(inference, fields, request, losses)
    document = {
        "messages": conversation.messages,
        "system": conversation.system,
        "inferenceConfig": inference,
        "toolConfig": tools,
        "additionalModelRequestFields": fields,
        "outputConfig": {**output, **wish.output},
        "requestMetadata": write_metadata(request, losses),
        "serviceTier": write_tier(request, dialect, losses),
    }
    return {name: value for name, value in document.items() if value}
