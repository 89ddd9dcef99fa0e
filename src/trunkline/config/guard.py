"""The section `guard`: named policies about what may be said, and what becomes of what may not.

Which settings a rule may have beside its check is in `check_guard`, to be told beside every other mistake.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from trunkline.config import kinds, values
from trunkline.config.problems import quote, suggestion
from trunkline.config.section import Section, section, setting
from trunkline.guard.expressions import Inexpressible, compile_expression
from trunkline.guard.kinds import ALL, PII_KINDS, SECRETS


def _one_of(what: str, names: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> str:
        name = values.text(value)
        if name not in names:
            raise values.wrong(f"{quote(name)} is no {what}", suggestion(name, names))
        return name

    return BeforeValidator(check)


def _shown(what: str, names: tuple[str, ...]) -> WithJsonSchema:
    """One of some names, or a list of them."""
    choice = {"type": "string", "enum": list(names)}
    return WithJsonSchema(
        {
            "title": what.replace("kind", "kinds", 1),
            "anyOf": [choice, {"type": "array", "items": choice, "minItems": 1}],
        }
    )


def _expression(value: object) -> str:
    pattern = values.text(value)
    try:
        compile_expression(pattern)
    except Inexpressible as error:
        raise values.wrong(str(error)) from None
    return pattern


_ONE_OR_MORE: Final = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
_PII: Final = ("kind of personal data", (ALL, *PII_KINDS))
_SECRET: Final = ("kind of secret", (ALL, *SECRETS))
PiiKinds = Annotated[tuple[Annotated[str, _one_of(*_PII)], ...], Field(min_length=1), _ONE_OR_MORE, _shown(*_PII)]
SecretKinds = Annotated[
    tuple[Annotated[str, _one_of(*_SECRET)], ...], Field(min_length=1), _ONE_OR_MORE, _shown(*_SECRET)
]
PolicyNames = Annotated[
    tuple[kinds.Text, ...],
    kinds.MaybeList,
    _ONE_OR_MORE,
    WithJsonSchema(
        {
            "title": "a policy's name, or several",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        }
    ),
]
"""Which policies hold somewhere: one name, or a list of them."""
Expression = Annotated[str, BeforeValidator(_expression)]
Region = Annotated[str, BeforeValidator(values.country)]
Characters = Annotated[int, Field(ge=0, le=100_000_000), kinds.Whole]


class LengthRule(Section):
    """How long a text of an answer may be, in characters."""

    least: Characters = setting(0, "A shorter one is refused.")
    most: Characters | None = setting(None, "A longer one is refused.")


class Check(Section):
    """One rule: a check, and what becomes of what it finds. Each has exactly one of `pii` to `moderation`."""

    pii: PiiKinds | None = setting(
        None, "Personal data: kinds, or `all`, which is all but the heuristic kinds `name` and `address`."
    )
    secrets: SecretKinds | None = setting(None, "Secrets: kinds of API keys, tokens and private keys, or `all`.")
    words: Annotated[tuple[kinds.Text, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "Words and phrases, in any case, as whole words."
    )
    regex: Annotated[tuple[Expression, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "Regular expressions of re2, which run in linear time; others are refused."
    )
    injection: kinds.Share | None = setting(
        None, "Signs of prompt injection: the score from 0 to 1 from which they count, such as `0.7`."
    )
    length: LengthRule | None = setting(None, "How long a text of an answer may be.")
    json_schema: kinds.JsonSchema | None = setting(None, "The JSON Schema that a text of an answer has to follow.")
    webhook: kinds.WebUrl | None = setting(None, "An external checker, which is asked about the texts.")
    moderation: kinds.ModelName | None = setting(None, "A moderation model, `provider/model` or a name of `models`.")
    action: Literal["block", "redact", "pseudonymise", "report"] | None = setting(
        None,
        "What becomes of what is found: the request or answer is refused; the text is taken out; a pseudonym stands "
        "for it on the way to the model, and in the answer it is put back; or it is only recorded. Default: `block`.",
    )
    categories: Annotated[tuple[kinds.Text, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "The moderation model's categories that count. Default: all."
    )
    threshold: kinds.Share | None = setting(
        None, "The score of a category from which a moderation model's answer refuses. Default: 0.5."
    )
    deadline: kinds.Timeout | None = setting(None, "How long a webhook or moderation model may take. Default: 2s.")
    on_failure: Literal["block", "allow"] | None = setting(
        None, "What happens when a webhook or moderation model gives no answer in time. Default: `block`."
    )


class Message(Section):
    """A message that is put into every request."""

    text: kinds.Text = setting(..., "What it says.")
    role: Literal["user", "assistant", "developer", "system"] = setting("user", "Whose message it is.")


class Parameters(Section):
    """Parameters that hold whatever a request says."""

    temperature: kinds.Temperature | None = setting(None, "The temperature of every request.")
    most_temperature: kinds.Temperature | None = setting(None, "A higher temperature, or none, becomes this one.")
    most_output: Annotated[int, Field(ge=1), kinds.Whole] | None = setting(
        None, "A higher cap on the tokens of an answer, or none, becomes this one."
    )
    store: kinds.Switch | None = setting(None, "Whether the provider may keep the answer.")
    service_tier: kinds.Text | None = setting(None, "The provider's tier of service.")
    user: kinds.Text | None = setting(None, "Who the provider is told the end user is.")


class Injected(Section):
    """What is put into every request, in every format."""

    system_first: kinds.Text | None = setting(None, "Instructions before the request's own.")
    system_last: kinds.Text | None = setting(None, "Instructions after the request's own.")
    header: Message | None = setting(None, "A message before the conversation.")
    footer: Message | None = setting(None, "A message after the conversation.")
    parameters: Parameters = section(Parameters)


class Policy(Section):
    """What may be said, to models and by them."""

    everywhere: kinds.Switch = setting(False, "Whether it holds for every request, whoever asks for what.")
    input: Annotated[tuple[Check, ...], kinds.MaybeList] = setting(
        (), "Rules about requests: every message, tool call and tool result of them."
    )
    output: Annotated[tuple[Check, ...], kinds.MaybeList] = setting((), "Rules about answers, streamed or not.")
    models: Annotated[tuple[kinds.ModelName, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "Models that may be asked for, `*` standing for any characters. Default: all."
    )
    tools: Annotated[tuple[kinds.Text, ...], kinds.MaybeList] | None = setting(
        None, "Tools that requests may offer and answers may call, `*` standing for any characters. Default: all."
    )
    inject: Injected = section(Injected)
    regions: Annotated[tuple[Region, ...], Field(min_length=1), kinds.MaybeList] = setting(
        ("US", "GB", "DE", "FR", "ES", "IT", "NL"),
        "Countries whose phone numbers are known without a country code, as ISO 3166 codes.",
    )
    header: kinds.Switch = setting(True, "Whether answers tell in `x-trunkline-guard` what it decided.")
    record_text: kinds.Switch = setting(False, "Whether decisions carry the text that was found.")
