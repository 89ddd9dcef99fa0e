"""What may be used and spent, as `trunkline.yaml` says it: rates, budgets, waiting, loops.

Each rule names one scope: one of those that a request belongs to. `"*"` stands for each of them on its own.
"""

from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from trunkline.config import kinds
from trunkline.config.quotas import PERCENT, QUOTA, Amount, Percent, QuotaText, SigningSecret, Tag, Zone
from trunkline.config.section import Section, setting

WhenAway = Literal["refuse", "serve"]
Scope = Literal["org", "team", "user", "key", "tag", "model", "deployment"]
SCOPES: Final = get_args(Scope)

_ONE_OR_MORE: Final = BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value])
Quotas = Annotated[
    tuple[QuotaText, ...],
    _ONE_OR_MORE,
    Field(min_length=1),
    WithJsonSchema({"title": "limit, or list of limits", "anyOf": [QUOTA, {"type": "array", "items": QUOTA}]}),
]
Percents = Annotated[
    tuple[Percent, ...],
    _ONE_OR_MORE,
    WithJsonSchema({"title": "share, or list of shares", "anyOf": [PERCENT, {"type": "array", "items": PERCENT}]}),
]
_ONE_SCOPE: Final = ConfigDict(json_schema_extra={"oneOf": [{"required": [scope]} for scope in SCOPES]})


class _Scoped(Section):
    """A rule of one scope."""

    model_config = _ONE_SCOPE

    org: kinds.Text | None = setting(None, "An organisation; `*` is each one on its own.")
    team: kinds.Text | None = setting(None, "A team, as `organisation/team`, or `*`.")
    user: kinds.Text | None = setting(None, "A user, or `*`.")
    key: kinds.Text | None = setting(None, "A virtual key by its name, or `*`.")
    tag: Tag | None = setting(None, "A tag with its value, `plan=free`; `plan=*` is each value on its own.")
    model: kinds.ModelName | None = setting(None, "A model by the name that is asked for, or `*`.")
    deployment: kinds.ModelName | None = setting(None, "What answers, as `provider/model`.")

    @property
    def scope(self) -> tuple[str, str]:
        """Its kind and its name."""
        return next((name, value) for name in SCOPES if (value := getattr(self, name)) is not None)


class Rates(_Scoped):
    """What one scope may use."""

    requests: Quotas | None = setting(None, "Requests, such as `600/min`, or a list: `[10/s, 5k/day]`.")
    input: Quotas | None = setting(None, "Tokens of input.")
    output: Quotas | None = setting(None, "Tokens of output.")
    tokens: Quotas | None = setting(None, "Tokens of both.")
    concurrent: kinds.Count | None = setting(None, "Requests under way at one time.", ge=1, le=10**6)


class Budget(_Scoped):
    """What one scope may spend."""

    amount: Amount | None = setting(None, "How much, such as `500 USD`. Not for prepaid credit.")
    per: Literal["day", "week", "month", "total"] = setting("month", "In which time; a week begins on Monday.")
    zone: Zone = setting("UTC", "Whose midnight it is at which a period begins.")
    hard: kinds.Switch = setting(True, "Whether it refuses when it is spent; if not, it only tells.")
    overshoot: Literal["none", "bounded"] = setting(
        "none",
        "`none`: a request reserves the most it can cost, and its output is capped by what is left. `bounded`: it "
        "reserves what is expected, and those under way may cost more.",
    )
    alert: Percents = setting(("50%", "80%", "100%"), "At which parts of it somebody is told, each once a period.")
    when_spent: kinds.ModelName | None = setting(None, "The model that answers when it is spent. Default: refused.")
    prepaid: kinds.Switch = setting(False, "Whether it is credit that is paid in, which has no periods.")


class Queue(Section):
    """Waiting instead of a refusal."""

    places: kinds.Count = setting(100, "Requests that wait at one time in each worker.", ge=1, le=100_000)
    patience: kinds.Timeout = setting("2s", "How long each waits.")


class Loops(Section):
    """Protection from programs that run away; counted in each worker."""

    same_request: QuotaText | None = setting(None, "How often one key may send the identical request: `20/min`.")
    session_requests: kinds.Count | None = setting(
        None, "Requests of one session, which `x-trunkline-session` names.", ge=1, le=10**9
    )
    session_cost: Amount | None = setting(None, "What one session may cost.")


class Alerts(Section):
    """Who is told that a part of a budget is spent, besides the log."""

    webhook: kinds.WebUrl | None = setting(None, "A URL to which each alert is posted, as JSON.")
    secret: SigningSecret | None = setting(
        None, "What signs the webhooks, as standardwebhooks.com says: a text, or `whsec_` and base64."
    )
