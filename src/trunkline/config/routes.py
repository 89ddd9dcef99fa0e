"""What may stand under `models`: the name of a model, or a route with a strategy.

All routes have the same options beside those of their strategy. Rules between them (names that exist, no circles) are
in `check_models`.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Tag
from pydantic.json_schema import SkipJsonSchema

from trunkline.config import kinds
from trunkline.config.attempts import DeadlineOverride, OnTruncated, OnUnsupported, RetriesOverride
from trunkline.config.cache import CacheOverride
from trunkline.config.guard import PolicyNames
from trunkline.config.request_log import LogPolicyNames
from trunkline.config.section import Section, setting

Names = Annotated[tuple[kinds.ModelName, ...], kinds.MaybeList]


class DataFacts(Section):
    """What a provider does with what it is sent, as you know it. What is not said here is not known, and fulfils no
    demand.
    """

    region: kinds.Regions = setting(
        (), "Where it is processed, such as `eu` or `eu-central-1`; several, if it may be any of them."
    )
    retention: kinds.Duration | None = setting(None, "How long it is kept; `0s`: not at all.")
    training: kinds.Switch | None = setting(None, "Whether models are trained on it.")


class DataPolicy(Section):
    """What a provider must keep to with what it is sent; others are not asked."""

    region: kinds.Regions = setting((), "Where it must be processed; one of several. `eu` includes `eu-central-1`.")
    retention: kinds.Duration | None = setting(None, "How long it may be kept at most; `0s`: not at all.")
    training: kinds.Switch | None = setting(None, "`false`: no model may be trained on it.")


class PriceCap(Section):
    """The most that a model may cost, in US dollars; dearer ones, and those without a price, are not asked."""

    input: kinds.Price | None = setting(None, "A million tokens of input.")
    output: kinds.Price | None = setting(None, "A million tokens of output.")
    per_request: kinds.Price | None = setting(None, "One request, besides its tokens.")


class OnFailure(Section):
    """What each kind of failure leads to: `next` (the next model), `stop` (the application is told), or a model's name.

    What is not named here is as for the other models.
    """

    error: kinds.ModelName | None = setting(None, "The provider failed or cannot be reached. Usually `next`.")
    timeout: kinds.ModelName | None = setting(None, "A deadline passed. Usually `next`.")
    rate_limit: kinds.ModelName | None = setting(
        None, "Too many requests, or the account has no credit. Usually `next`."
    )
    context: kinds.ModelName | None = setting(
        None, "The request is too long for the model. Usually `next`, those passed over that are no larger."
    )
    refused: kinds.ModelName | None = setting(
        None, "The provider or the model will not answer this. Usually `stop`: the refusal is the answer."
    )
    empty: kinds.ModelName | None = setting(None, "The answer is empty. Usually `next`.")
    invalid: kinds.ModelName | None = setting(None, "JSON was due, and the answer is none. Usually `stop`.")
    budget: kinds.ModelName | None = setting(
        None, "The caller's budget does not allow this model. Usually `stop`. Never for what is critical."
    )


class Shadow(Section):
    """A share of the requests is also sent to another model, without waiting for its answer, to compare them."""

    to: kinds.ModelName = setting(..., "Where they are sent, too.")
    share: kinds.Share = setting(..., "Which share of them, such as `2%`.")


class Route(Section):
    """What every route may say, whatever its strategy. It holds for all that is below the route; of two, the nearer to
    the model wins, but for `deadline.total` and `retries`, where it is the one farther out, and for `data`,
    `max_price`, `guard` and `request_log`, which all hold.
    """

    deadline: DeadlineOverride | None = setting(None, "Deadlines that differ for this model.")
    retries: RetriesOverride | None = setting(None, "What differs about retries for this model.")
    on_unsupported: OnUnsupported | None = setting(None, "What differs from `on_unsupported` for this model.")
    on_truncated: OnTruncated | None = setting(None, "What differs from `on_truncated` for this model.")
    on_failure: OnFailure | None = setting(None, "What failures lead to, where that is not the usual.")
    weaker: Names = setting((), "Weaker models that are tried when all others have failed; never for what is critical.")
    critical: kinds.Switch = setting(False, "Whether its requests are critical: they never fall to a weaker model.")
    data: DataPolicy | None = setting(None, "What providers must keep to.")
    max_price: PriceCap | None = setting(None, "What a model may cost.")
    guard: PolicyNames = setting(
        (), "The policy under `guard` that holds for its requests, whichever of its models is asked; or several."
    )
    cache: CacheOverride | None = setting(
        None, "What differs about kept answers for requests that ask for this very name."
    )
    request_log: LogPolicyNames = setting(
        (), "The policy under `request_log` by which its requests are kept in full; or several."
    )
    shadow: Shadow | None = setting(None, "Where a share of the requests is sent as well.")


def _of(strategy: str) -> str:
    return f"{strategy} each `provider/model` or the name of another model here."


class Fallback(Route):
    """Models that are tried in their order."""

    route: Literal["fallback"] = setting(..., "The strategy: `fallback` tries them in order.")
    of: Names = setting(..., _of("What is tried:"), min_length=1)


class Weighted(Route):
    """Models of which each is first for its share of the requests; the others follow."""

    route: Literal["weighted"] = setting(..., "The strategy: `weighted` draws by weight, for canaries and load.")
    of: Annotated[Mapping[kinds.ModelName, kinds.Rate], kinds.MaybeMapping] = setting(
        ..., _of("What is drawn, with its weight:"), min_length=1
    )


class Cheapest(Route):
    """Models by what this request will probably cost there."""

    route: Literal["cheapest"] = setting(
        ..., "The strategy: `cheapest` goes by this request's expected tokens, with what is usually cached."
    )
    of: Names = setting(..., _of("What is compared:"), min_length=1)


class Fastest(Route):
    """Models by how fast they have been lately."""

    route: Literal["fastest"] = setting(..., "The strategy: `fastest` goes by what was measured lately.")
    of: Names = setting(..., _of("What is compared:"), min_length=1)
    by: Literal["first_token", "tokens_per_second"] = setting("first_token", "What being fast means.")
    explore: kinds.Share = setting("2%", "The share of requests that try another first, to learn how it does.")


class LeastBusy(Route):
    """Models by the number of requests under way there, equals at random."""

    route: Literal["least_busy"] = setting(..., "The strategy: `least_busy` counts the requests under way.")
    of: Names = setting(..., _of("What is compared:"), min_length=1)


class Sticky(Route):
    """Models of which each keeps its conversations, for the sake of what it has cached of them."""

    route: Literal["sticky"] = setting(
        ..., "The strategy: `sticky` keeps together what has the same session, cache key or beginning."
    )
    of: Names = setting(..., _of("What they are spread over:"), min_length=1)


class Rule(Section):
    """A condition, and where requests go for which it holds."""

    when: kinds.Condition = setting(..., "The condition, in CEL, such as `tags.plan == 'free'`.")
    to: kinds.ModelName = setting(..., "Where those requests go.")


class Conditional(Route):
    """The first rule that holds decides."""

    model_config = ConfigDict(validate_by_name=True)

    route: Literal["conditional"] = setting(..., "The strategy: `conditional` looks at the request.")
    rules: Annotated[tuple[Rule, ...], kinds.MaybeList] = setting(
        ..., "Conditions, in the order in which they are asked.", min_length=1
    )
    otherwise: kinds.ModelName | None = setting(
        None, "Where requests go for which no rule holds. Without it, they are refused.", alias="else"
    )

    @property
    def of(self) -> tuple[str, ...]:
        """Everything it may choose."""
        return (*(rule.to for rule in self.rules), *((self.otherwise,) if self.otherwise is not None else ()))


class Complexity(Route):
    """Easy requests go to one model, hard ones to another; each stands in for the other."""

    route: Literal["complexity"] = setting(..., "The strategy: `complexity` scores how hard a request is.")
    easy: kinds.ModelName = setting(..., "Where easy requests go.")
    hard: kinds.ModelName = setting(..., "Where hard requests go.")
    hard_share: kinds.Share = setting(
        "30%", "Which share of the requests is to count as hard, where `quality` does not say it."
    )
    quality: kinds.Share | None = setting(
        None,
        "How much of the gap in quality between both is to be recovered, in place of `hard_share`: the smallest share "
        "that did so on what the scorer was fitted on.",
    )

    @property
    def of(self) -> tuple[str, ...]:
        """Everything it may choose."""
        return (self.easy, self.hard)


class Race(Route):
    """Models that are all asked at once; the first with an answer wins, and the others are cancelled."""

    route: Literal["race"] = setting(..., "The strategy: `race` asks all at once.")
    of: Names = setting(..., _of("What races:"), min_length=2)
    win: Literal["first_token", "first_complete"] = setting(
        "first_token", "What wins: the first output, or the first whole answer that is neither empty nor a refusal."
    )


class Hedge(Route):
    """Two models, of which the second is asked only if the first is late."""

    route: Literal["hedge"] = setting(..., "The strategy: `hedge` asks the second if the first is late.")
    of: Names = setting(..., _of("Who is asked first, who second, and what they fall back to:"), min_length=2)
    after: kinds.Lateness = setting(
        "p95", "When the first is late: after a time, or `p95`: later than 95 % of its streams lately."
    )
    extra: kinds.Share = setting("5%", "The most second calls, as a share of the requests.")


class UnknownRoute(Route):
    """Stands for a route whose `route` is missing or unknown, so that this is told rather than what else is strange."""

    model_config = ConfigDict(extra="ignore")

    route: Literal[
        "fallback",
        "weighted",
        "cheapest",
        "fastest",
        "least_busy",
        "sticky",
        "conditional",
        "complexity",
        "race",
        "hedge",
    ] = setting(..., "The strategy.")

    @property
    def of(self) -> tuple[str, ...]:
        """Nothing: there never is one."""
        return ()


Listed: TypeAlias = (
    Fallback
    | Weighted
    | Cheapest
    | Fastest
    | LeastBusy
    | Sticky
    | Conditional
    | Complexity
    | Race
    | Hedge
    | UnknownRoute
)
"""Any route. An `UnknownRoute` is never in a configuration that was read."""
KINDS: Final[Mapping[str, type[Route]]] = {
    "fallback": Fallback,
    "weighted": Weighted,
    "cheapest": Cheapest,
    "fastest": Fastest,
    "least_busy": LeastBusy,
    "sticky": Sticky,
    "conditional": Conditional,
    "complexity": Complexity,
    "race": Race,
    "hedge": Hedge,
}
"""Every strategy, by the name that `route` has."""
NAME, UNKNOWN = "\0name", "\0unknown"
"""Tags appear in pydantic's places of errors, after a `\\0`; no name in YAML can be like them."""


def _form(value: object) -> str | None:
    if isinstance(value, str):
        return NAME
    if isinstance(value, Section):
        return f"\0{getattr(value, 'route', '')}"
    if not isinstance(value, dict):
        return None
    kind = value.get("route")
    return f"\0{kind}" if isinstance(kind, str) and kind in KINDS else UNKNOWN


Model = Annotated[
    Annotated[kinds.ModelName, Tag(NAME)]
    | Annotated[Fallback, Tag("\0fallback")]
    | Annotated[Weighted, Tag("\0weighted")]
    | Annotated[Cheapest, Tag("\0cheapest")]
    | Annotated[Fastest, Tag("\0fastest")]
    | Annotated[LeastBusy, Tag("\0least_busy")]
    | Annotated[Sticky, Tag("\0sticky")]
    | Annotated[Conditional, Tag("\0conditional")]
    | Annotated[Complexity, Tag("\0complexity")]
    | Annotated[Race, Tag("\0race")]
    | Annotated[Hedge, Tag("\0hedge")]
    | Annotated[UnknownRoute, SkipJsonSchema(), Tag(UNKNOWN)],
    Discriminator(
        _form,
        custom_error_type="wrong",
        custom_error_message="a model is due: provider/model, the name of another model, or a mapping with `route`",
        custom_error_context={"hint": ""},
    ),
]
