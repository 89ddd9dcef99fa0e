"""Reasoning items, which are the same in requests and in replies.

`encrypted_content` is OpenAI's own, some other vendor's that speaks this format, or what this gateway has sealed there
for a client of this format (`formats/sealed.py`).
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import Reasoning
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.shape import taken
from trunkline.formats.sealed import proof_of, restore, unseal

Fields = dict[str, Any]
OPENAIS = "gAAAA"
"""How encrypted reasoning begins that OpenAI or Azure has made (a Fernet token: its version and its time)."""


def read_reasoning(item: Fields, issuer: str = "") -> Reasoning:
    """A reasoning item. `issuer` is the family whose provider sent it, where that is known."""
    rest = dict(item)
    del rest["type"]
    part = Reasoning(id=taken(rest, "id"))
    encrypted = taken(rest, "encrypted_content")
    if encrypted:
        _decipher(part, encrypted, issuer)
    summary = rest.get("summary")
    if type(summary) is list and all(_is_text(entry, "summary_text") for entry in summary):
        del rest["summary"]
        part.summary = [entry["text"] for entry in summary]
    elif "summary" not in rest:
        part.spelling["summary"] = "absent"
    content = rest.get("content")
    if type(content) is list and len(content) == 1 and _is_text(content[0], "reasoning_text") and content[0]["text"]:
        del rest["content"]
        part.text = content[0]["text"]
    elif type(content) is list and content:
        part.text = _words(content)
    _unfold_summary(part)
    if rest:
        part.extras = {NAME: rest}
    return part


def _decipher(part: Reasoning, encrypted: str, issuer: str) -> None:
    """Whose `encrypted` is. What nobody is known to have made keeps no issuer, and goes back to where it came from."""
    sealed = unseal(encrypted)
    if sealed is not None:
        restore(part, sealed)
        part.spelling = {"encrypted": "sealed"}
        return
    part.encrypted = encrypted
    part.issuer = issuer or ("openai" if encrypted.startswith(OPENAIS) else "")


def _unfold_summary(part: Reasoning) -> None:
    """Text that was signed is shown as a summary to clients that ask for one: it is text again for its issuer."""
    if part.signature and not part.text and len(part.summary) == 1:
        part.text, part.summary = part.summary[0], []
        part.spelling["text"] = "summary"


def _is_text(entry: object, kind: str) -> bool:
    return type(entry) is dict and len(entry) == 2 and entry.get("type") == kind and type(entry.get("text")) is str


def _words(content: list[Any]) -> str:
    texts = [entry.get("text") for entry in content if type(entry) is dict]
    return "".join(text for text in texts if type(text) is str)


def write_reasoning(part: Reasoning) -> Fields:
    """The item that was read as `part`."""
    item: Fields = {**part.extras.get(NAME, {}), "type": "reasoning"}
    if part.id:
        item["id"] = part.id
    as_summary = part.spelling.get("text") == "summary"
    summary = [part.text] if as_summary else part.summary
    if summary or ("summary" not in item and "summary" not in part.spelling):
        item["summary"] = [{"type": "summary_text", "text": text} for text in summary]
    if part.text and not as_summary and _words(item.get("content") or []) != part.text:
        item["content"] = [{"type": "reasoning_text", "text": part.text}]
    if part.encrypted or part.signature:
        sealed = part.signature or "encrypted" in part.spelling
        item["encrypted_content"] = proof_of(part) if sealed else part.encrypted
    return item


def compose_encrypted(part: Reasoning) -> str:
    """What a client of this format is to carry to the next turn, whoever made it: OpenAI's as it is, others' sealed."""
    if part.signature or (part.encrypted and part.issuer not in ("", "openai")):
        return proof_of(part)
    return part.encrypted


def native(part: Reasoning) -> Reasoning:
    """The same as its issuer wrote it: not sealed."""
    spelling = {name: way for name, way in part.spelling.items() if name != "encrypted"}
    return msgspec.structs.replace(part, spelling=spelling, signature="")
