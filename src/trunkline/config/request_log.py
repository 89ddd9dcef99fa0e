"""The section `request_log`: named policies about which requests are kept in full, for debugging and audit.

What is wrong between it and the rest of the file is in `check_request_log`.
"""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from trunkline.config import kinds
from trunkline.config.guard import PolicyNames
from trunkline.config.section import Section, setting

LogPolicyNames = Annotated[
    tuple[kinds.Text, ...],
    kinds.MaybeList,
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema(
        {
            "title": "a policy's name, or several",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        }
    ),
]
"""Which policies of the request log hold somewhere: one name, or a list of them."""


class LogPolicy(Section):
    """Which requests are kept in full, encrypted, how long, and without what."""

    everywhere: kinds.Switch = setting(False, "Whether it holds for every request, whoever asks for what.")
    never: kinds.Switch = setting(
        False, "Nothing of requests under it is kept, whatever other policies of the request log say."
    )
    sample: kinds.Share = setting("100%", "Which share of the requests is kept.")
    keep: kinds.Timeout = setting(
        "30d", "How long each is kept; where several policies keep it, as long as the longest of them says."
    )
    redact: PolicyNames = setting(
        (),
        "Policies under `guard`, one or several: what their rules `pii`, `secrets`, `words` and `regex` find, whatever "
        "they do about it, is taken out before the request and its answer are encrypted and written.",
    )
