"""Signs of prompt injection, each with a weight. A text's score is the chance that not all of its signs are innocent.

Tripwires catch what is common, not what is clever: see `docs/how-to/guard.md`. The phrases are those of published attack
collections (OWASP LLM01, and the jailbreaks that circulate), in several languages.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from trunkline.guard.values import Hit


class Sign(msgspec.Struct, frozen=True):
    """One sign."""

    name: str
    weight: float
    """The chance, from 0 to 1, that a text with it is an attack."""
    pattern: str
    """For `re` and re2 alike, matched without regard to case."""


_OLD: Final = r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|system|your)"
_RULES: Final = (
    r"(?:instructions?|prompts?|directions?|guidelines?|rules|messages?|context|programming|training|restrictions)"
)

SIGNS: Final = (
    Sign("override", 0.9, rf"(?:ignore|disregard|forget|override|bypass|drop|skip)\s{{1,3}}(?:(?:all|any|every|everything|of|the|these|those|your|my|our)\s{{1,3}}){{0,4}}{_OLD}\s{{1,3}}(?:\w{{1,16}}\s{{1,3}})?{_RULES}"),
    Sign("override_short", 0.8, r"(?:ignore|disregard|forget)\s{1,3}(?:everything|all|anything)\s{1,3}(?:above|before|you were told|i said|you know|previously)"),
    Sign("new_instructions", 0.6, r"(?:your\s{1,3}new|new|updated|real|actual)\s{1,3}(?:system\s{1,3})?(?:instructions?|prompt|rules|task)\s{1,3}(?:is|are|begin|follow)|new instructions:"),
    Sign("role_marker", 0.6, r"<\|im_(?:start|end)\|>|<\|(?:system|endoftext|start_header_id|eot_id)\|>|\[/?INST\]|<</?SYS>>|###\s?system\s?(?:prompt|message)?:|\bBEGIN SYSTEM (?:PROMPT|MESSAGE)|</?system(?:_prompt|-prompt)?>"),
    Sign("reveal_prompt", 0.75, r"(?:reveal|show|print|repeat|output|display|tell me|give me|leak|write out|dump)\s{1,3}(?:me\s{1,3})?(?:all\s{1,3})?(?:of\s{1,3})?(?:your|the)\s{1,3}(?:full |entire |exact |hidden |secret |initial |original |complete )?(?:(?:system|hidden|secret|initial|original)\s{0,3}(?:prompt|instructions?|rules)|system message)"),
    Sign("repeat_above", 0.5, r"repeat\s{1,3}(?:everything|all|the (?:words|text))\s{1,3}(?:above|before)"),
    Sign("jailbreak_persona", 0.8, r"\b(?:you are now|act as|pretend (?:to be|you are)|become|enable|enter)\s{1,3}(?:an?\s{1,3})?(?:DAN\b|do anything now|(?:unrestricted|uncensored|unfiltered|jailbroken|evil|amoral)\b|developer mode|god mode|jailbreak mode)"),
    Sign("no_limits", 0.5, r"\b(?:without|no|free (?:of|from)|not bound by)\s{1,3}(?:any\s{1,3})?(?:ethical|moral|safety|content|openai'?s?)\s{1,3}(?:guidelines?|filters?|restrictions?|polic(?:y|ies)|constraints?|limitations?)"),
    Sign("do_anything_now", 0.7, r"\bdo anything now\b|\bDAN mode\b|\bSTAN mode\b|\bDUDE mode\b"),
    Sign("to_the_assistant", 0.5, r"(?:attention|note|important|message|instructions?)\s{0,3}(?:to|for)\s{1,3}(?:the\s{1,3})?(?:ai|llm|assistant|language model|chatbot|agent)s?\s{0,3}[:,!]"),
    Sign("hide_from_user", 0.6, r"(?:do not|don't|never|without)\s{1,3}(?:tell|inform|mention|telling|informing|alert(?:ing)?|notify(?:ing)?)\s{1,3}(?:this to |it to )?(?:the\s{1,3})?(?:user|human|operator)"),
    Sign("exfiltrate", 0.6, r"(?:send|post|forward|exfiltrate|upload|email|append|leak)\s{1,3}(?:\w{1,16}\s{1,3}){0,6}?(?:conversation|chat history|system prompt|credentials|api keys?|passwords?|secrets?|tokens?|environment variables)\s{1,3}(?:to|at|via)\s"),
    Sign("markdown_leak", 0.5, r"!\[[^\]]{0,60}\]\(https?://[^)\s]{1,200}[?&][^)\s]{0,80}=(?:\{|\$|<|\[)"),
    Sign("override_de", 0.9, r"(?:ignorier(?:e|en sie)|vergiss|missachte)\s{1,3}(?:alle[ns]?\s{1,3})?(?:deine\s{1,3}|die\s{1,3})?(?:vorherigen|bisherigen|obigen|früheren)\s{1,3}(?:anweisungen|instruktionen|regeln|befehle)"),
    Sign("override_fr", 0.9, r"(?:ignore[zr]?|oublie[zr]?)\s{1,3}(?:toutes\s{1,3})?(?:les\s{1,3}|tes\s{1,3}|vos\s{1,3})?(?:instructions?|consignes?|règles)\s{1,3}(?:précédentes?|antérieures?|ci-dessus)"),
    Sign("override_es", 0.9, r"(?:ignor[ae]|olvid[ae]|omit[ae])\s{1,3}(?:todas\s{1,3})?(?:las\s{1,3}|tus\s{1,3})?(?:instrucciones|reglas|indicaciones)\s{1,3}(?:anteriores|previas)"),
    Sign("override_it", 0.9, r"(?:ignora|dimentica)\s{1,3}(?:tutte\s{1,3})?(?:le\s{1,3})?(?:istruzioni|regole)\s{1,3}(?:precedenti|di cui sopra)"),
    Sign("override_pt", 0.9, r"(?:ignore|esqueça)\s{1,3}(?:todas\s{1,3})?(?:as\s{1,3})?(?:instruções|regras)\s{1,3}(?:anteriores|acima|prévias)"),
    Sign("override_ru", 0.9, r"(?:игнорируй|забудь)(?:те)?\s{1,3}(?:все\s{1,3})?(?:предыдущие|прежние)\s{1,3}(?:инструкции|указания)"),
    Sign("override_zh", 0.9, r"(?:忽略|无视|忘记|忽視|無視)(?:所有|之前|以上|上面|前面|先前|的){1,4}(?:指令|指示|说明|规则|提示)"),
    Sign("override_ja", 0.9, r"(?:以前|上記|これまで|前)の(?:指示|命令|ルール)(?:を|は)(?:すべて)?無視"),
)  # fmt: skip
"""Every sign there is."""

ENCODED: Final = 0.3
"""Added weight of a sign that was found in encoded or hidden text: innocent authors do not hide their words."""


class Tripwire:
    """One sign; its hits carry its weight as their score."""

    reach = 200

    def __init__(self, sign: Sign) -> None:
        self.gates = (f"(?i){sign.pattern}",)
        self._sign = sign
        self._pattern = re.compile(f"(?=({sign.pattern}))", re.IGNORECASE)

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The places of the sign from `start` on."""
        last = start
        for found in self._pattern.finditer(text, start):
            if found.start() >= last:
                last = found.end(1)
                yield Hit(found.start(), last, self._sign.name, self._sign.weight)


def combined(score: float, weight: float) -> float:
    """The score with one more sign."""
    return 1 - (1 - score) * (1 - weight)
