"""Reasoning in the fields of an assistant message: `reasoning_content`, `reasoning` and `reasoning_details`.

The first two hold its text: DeepSeek, Qwen and xAI write the first; vLLM, Groq and OpenRouter the second. The third is
OpenRouter's list of entries, `{"type": "reasoning.text", "text", "signature", "format", "index"}`, `{"type":
"reasoning.summary", "summary", …}` and `{"type": "reasoning.encrypted", "data", "id", …}`, where entries with one
`index`, or one `id`, belong together; `format` says whose reasoning it is.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Reasoning
from trunkline.formats.openai_chat.words import issuer_of, style_of

TEXT_FIELDS = ("reasoning_content", "reasoning")
BETWEEN = "\n\n"
"""Stands between the texts of two pieces of reasoning, and between two summaries."""

KINDS = {"reasoning.text": "text", "reasoning.summary": "summary", "reasoning.encrypted": "data"}


def take_reasoning(fields: dict[str, Any], spelling: dict[str, str]) -> list[AnyPart]:
    """The reasoning of a message. What was understood is taken out of `fields`, and `spelling` says where it was."""
    where = []
    parts: list[Reasoning] = []
    details = fields.get("reasoning_details")
    if details and isinstance(details, list):
        parts = read_details(details)
        if parts:
            del fields["reasoning_details"]
            where.append("reasoning_details")
    for name in TEXT_FIELDS:
        text = fields.get(name)
        if not text or not isinstance(text, str):
            continue
        if not text_of(parts):
            parts.insert(0, Reasoning(text=text, spelling={"in": "text"} if parts else {}))
        elif text != text_of(parts):
            continue
        del fields[name]
        where.append(name)
    if where:
        spelling["reasoning"] = ",".join(where)
    return list(parts)


def text_of(parts: list[Reasoning]) -> str:
    """All that can be read of `parts`."""
    return BETWEEN.join(text for part in parts if (text := part.text or BETWEEN.join(part.summary)))


def put_reasoning(out: dict[str, Any], parts: list[Reasoning], where: str, own: bool) -> None:
    """Write `parts` into the fields of a message that `where` names, separated by commas."""
    text = text_of(parts)
    for name in where.split(","):
        if name == "reasoning_details":
            detailed = [part for part in parts if not own or part.spelling.get("in") != "text"]
            out[name] = [entry for index, part in enumerate(detailed) for entry in write_details(part, index, own)]
        elif text:
            out[name] = text


def read_details(entries: list[Any]) -> list[Reasoning]:
    """The pieces of reasoning in `reasoning_details`; none where there is anything else in it."""
    if not all(map(is_detail, entries)):
        return []
    parts = []
    for number, own in enumerate(grouped(entries)):
        part = join_entries(own)
        if _usual(part, number) != own:
            part.spelling = {"details": msgspec.json.encode(own).decode()}
        parts.append(part)
    return parts


def is_detail(entry: Any) -> bool:
    """Whether it is an entry that is known."""
    return isinstance(entry, dict) and isinstance(entry.get("type"), str) and entry["type"] in KINDS


def grouped(entries: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Entries that belong together: neighbours of one index, or of one id."""
    groups: list[list[dict[str, Any]]] = []
    for entry in entries:
        if groups and _belongs(entry, groups[-1][-1]):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _belongs(entry: dict[str, Any], before: dict[str, Any]) -> bool:
    index, named = entry.get("index"), entry.get("id")
    return (type(index) is int and index == before.get("index")) or (bool(named) and named == before.get("id"))


def join_entries(entries: list[dict[str, Any]]) -> Reasoning:
    """The one piece of reasoning that entries of one index make."""
    part = Reasoning()
    for entry in entries:
        said = entry.get(KINDS.get(entry["type"], ""))
        if not isinstance(said, str):
            said = ""
        if entry["type"] == "reasoning.text":
            part.text += said
            signature = entry.get("signature")
            part.signature += signature if isinstance(signature, str) else ""
        elif entry["type"] == "reasoning.summary":
            part.summary = [*part.summary, said] if said else part.summary
        else:
            part.encrypted += said
        if isinstance(entry.get("id"), str):
            part.id = part.id or entry["id"]
        part.issuer = part.issuer or issuer_of(entry.get("format"))
    return part


def write_details(part: Reasoning, index: int, own: bool) -> list[dict[str, Any]]:
    """The entries that say `part`: those it came from, as long as they still do."""
    came = part.spelling.get("details") if own else None
    if came is not None:
        entries: list[dict[str, Any]] = msgspec.json.decode(came)
        if _says(join_entries(entries), part):
            return entries
    return _usual(part, index)


def shown_details(part: Reasoning, index: int) -> list[dict[str, Any]]:
    """The entries that say `part` to a client, numbered from `index`.

    OpenAI's SDK puts together what comes in a stream by its index, so each entry has one of its own, and those of one
    part have its id.
    """
    entries = write_details(part, index, own=False)
    for number, entry in enumerate(entries):
        entry["index"] = index + number
        if len(entries) > 1:
            entry["id"] = part.id or f"rs_{index}"
    return entries


def _usual(part: Reasoning, index: int) -> list[dict[str, Any]]:
    style = {"format": style_of(part.issuer), "index": index}
    entries: list[dict[str, Any]] = []
    if part.text or part.signature:
        signed = {"signature": part.signature} if part.signature else {}
        entries.append({"type": "reasoning.text", "text": part.text, **signed, **style})
    entries += [{"type": "reasoning.summary", "summary": summary, **style} for summary in part.summary]
    if part.encrypted:
        named = {"id": part.id} if part.id else {}
        entries.append({"type": "reasoning.encrypted", "data": part.encrypted, **named, **style})
    return entries


def _says(one: Reasoning, other: Reasoning) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("text", "summary", "signature", "encrypted", "id", "issuer")
    )
