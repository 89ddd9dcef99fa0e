"""Reasoning of earlier turns, for a provider that wants it back, or for one that must not get it."""

from typing import Any

from trunkline.formats.conversation import AnyPart, Reasoning, ToolCall
from trunkline.formats.openai_chat.calls import put_signature
from trunkline.formats.openai_chat.details import put_reasoning
from trunkline.formats.openai_chat.sorting import Answer
from trunkline.formats.openai_chat.target import Target


def replay(out: dict[str, Any], answer: Answer, to: Target) -> None:
    """Write the reasoning of one turn as the dialect wants it; what must stay behind is told."""
    field, wanted = to.dialect.reasoning_field, to.dialect.replays_reasoning
    if answer.google or answer.reasoning:
        _take_signature(answer, to)
    pieces = [*answer.reasoning, *(part for part in answer.content if isinstance(part, Reasoning))]
    content: list[AnyPart] = [part for part in answer.content if not isinstance(part, Reasoning)]
    kept: list[Reasoning] = []
    if field and (wanted == "always" or (wanted == "tool_turns" and answer.calls)):
        kept = [piece for piece in pieces if _is_welcome(piece, field, to)]
        if field == "reasoning_details":
            kept += _signatures(answer, to)
    for piece in pieces:
        if piece not in kept:
            to.losses.drop(to.place(piece))
    answer.content = [*kept, *content] if field == "thinking_parts" else content
    if kept and field != "thinking_parts":
        put_reasoning(out, kept, field, to.own)
    elif field == "reasoning_content" and wanted == "tool_turns" and answer.calls:
        out[field] = ""  # DeepSeek refuses a turn with calls that has none


def _is_welcome(piece: Reasoning, field: str, to: Target) -> bool:
    """Whether `piece` can stand in `field`: a text needs no proof, and what is signed or encrypted its issuer."""
    if field != "reasoning_details":
        return bool(piece.text or piece.summary)
    return not (piece.signature or piece.encrypted) or piece.issuer == to.dialect.issuer


def _signatures(answer: Answer, to: Target) -> list[Reasoning]:
    """What OpenRouter wants back with calls: an entry with the id of the call."""
    return [
        Reasoning(encrypted=call.signature, issuer=call.issuer, id=call.id)
        for call in answer.calls
        if isinstance(call, ToolCall) and call.signature and call.issuer == to.dialect.issuer
    ]


def _take_signature(answer: Answer, to: Target) -> None:
    """Google's signature of what follows, which comes as reasoning without words."""
    if to.dialect.reasoning_field == "reasoning_details":
        answer.reasoning += answer.google
        return
    signed = [*answer.google, *(piece for piece in answer.reasoning if _is_mark(piece))]
    answer.reasoning = [piece for piece in answer.reasoning if not _is_mark(piece)]
    if signed and to.dialect.issuer == "google":
        answer.signature = signed[0].signature or signed[0].encrypted
        return
    for piece in signed:
        to.losses.drop(to.place(piece))


def _is_mark(piece: Reasoning) -> bool:
    return piece.issuer == "google" and not piece.text and not piece.summary


def put_call_signature(out: dict[str, Any], call: ToolCall, to: Target) -> None:
    """Write a call's signature into it, unless it stands elsewhere, or must stay behind."""
    if not call.signature:
        return
    elsewhere = to.dialect.reasoning_field == "reasoning_details"
    if to.as_said or (call.issuer == to.dialect.issuer and not elsewhere):
        put_signature(out, call.signature)
    elif call.issuer != to.dialect.issuer:
        to.losses.drop(to.field(call, "signature"))
