"""Everything `trunkline.yaml` may say, as frozen models; their descriptions are the reference and the JSON Schema.

A default is written as an operator would write it (`"15s"`), and parsed like what stands in a file. Rules between
settings (a key has either `key` or `hash`, a model names a provider that exists) are in `check`, because they are to
be told beside every other mistake, which pydantic does not do.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, field_validator

from trunkline.config import kinds
from trunkline.config.attempts import Deadline as Deadline
from trunkline.config.attempts import DeadlineOverride as DeadlineOverride
from trunkline.config.attempts import OnTruncated, OnUnsupported
from trunkline.config.attempts import Retries as Retries
from trunkline.config.cache import Cache
from trunkline.config.document import Mark
from trunkline.config.guard import Policy
from trunkline.config.learnt import Complexity, Embedder
from trunkline.config.limits import Alerts, Budget, Loops, Queue, Rates, WhenAway
from trunkline.config.prices import Currency, Price, Worth
from trunkline.config.problems import Path as Place
from trunkline.config.quotas import SharedUrl
from trunkline.config.request_log import LogPolicy
from trunkline.config.routes import DataFacts, DataPolicy, Model, PriceCap
from trunkline.config.routes import Fallback as Fallback
from trunkline.config.section import Section as Section
from trunkline.config.section import section, setting
from trunkline.config.tenants import Key as Key
from trunkline.config.tenants import Orgs, Teams, Users, Wish
from trunkline.config.tls import Tls as Tls


class Limits(Section):
    """Bounds on what one request and one reply may take."""

    body: kinds.Size = setting("32MiB", "The largest body of a request; above it: 413.")
    headers: kinds.Size = setting("64KiB", "The largest request line and headers together; above it: 431.")
    depth: kinds.Count = setting(128, "The deepest JSON in a request; beyond it: 400.", ge=1, le=1000)
    reply: kinds.Size = setting("64MiB", "The largest reply, or single event of a streamed reply, that is held.")


class Timeouts(Section):
    """How long a client may take."""

    headers: kinds.Timeout = setting("10s", "For sending a request's headers; after it: 408.")
    body: kinds.Timeout = setting("60s", "For sending a request's body; after it: 408.")
    idle: kinds.Timeout = setting("75s", "How long a connection without a request is kept.")
    write_stall: kinds.Timeout = setting("5m", "How long a client may read nothing of a reply that waits for it.")


class Server(Section):
    """The process: where it listens, what it bears, how it stops."""

    listen: kinds.Address = setting("127.0.0.1:4000", "The data plane, which applications call.")
    control: kinds.Address = setting("127.0.0.1:4001", "The control plane: metrics and administration.")
    workers: kinds.Count = setting(1, "Processes that share the work, about one per core.", ge=1, le=256)
    data: kinds.FilePath | None = setting(
        None, "The folder of the journal, the default store and generated secrets. Default: in the user's state folder."
    )
    trusted_proxies: Annotated[tuple[kinds.Network, ...], kinds.MaybeList] = setting(
        (), "Networks of proxies whose `X-Forwarded-For` is believed."
    )
    in_flight: kinds.Count = setting(
        5000, "Requests under way at one time in each worker; above it: 503 with `retry-after`.", ge=1, le=1_000_000
    )
    tls: Tls | None = setting(None, "TLS towards applications. Default: plain HTTP.")
    control_tls: Tls | None = setting(None, "TLS on the control listener. Default: plain HTTP.")
    limits: Limits = section(Limits)
    timeouts: Timeouts = section(Timeouts)
    keep_alive: kinds.Timeout = setting("15s", "A comment goes out on a stream after so long a silence.")
    grace: kinds.Duration = setting("5s", "At shutdown, how long readiness is red before new connections are refused.")
    shutdown: kinds.Duration = setting("30s", "After that, how long requests under way may take to finish.")


class Simulated(Section):
    """How the simulated provider behaves, for developing and load-testing offline."""

    latency: kinds.Duration = setting("50ms", "Until the first token.")
    tokens_per_second: kinds.Rate = setting(100, "How fast the tokens after it come.")
    failure_rate: kinds.Share = setting(0, "The share of requests that fail.")
    seed: kinds.Count | None = setting(None, "Makes the failures the same in every run.")


Format = Literal[
    "openai_chat",
    "openai_completions",
    "openai_responses",
    "anthropic_messages",
    "google_generate",
    "bedrock_converse",
]
Refusable = Literal[
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
    "choices",
    "logit_bias",
    "logprobs",
    "parallel_tool_calls",
    "tool_choice",
    "tools",
    "forced_tool",
    "output_json",
    "output_schema",
    "thinking",
    "user",
    "metadata",
    "service_tier",
    "store",
    "cache_key",
    "verbosity",
    "images",
    "image_urls",
    "audio",
    "files",
    "system",
    "prefill",
    "message_name",
]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Dialect(Section):
    """How a server departs from the format it speaks; what is not named here is as its type and its models have it."""

    refuses: Annotated[tuple[Refusable, ...], kinds.MaybeList] | None = setting(
        None, "What its models do not take. Harmless parameters are dropped, others refused."
    )
    max_output: kinds.Count | None = setting(
        None, "The most tokens of an answer; a larger wish is lowered to it.", ge=1
    )
    default_max_output: kinds.Count | None = setting(
        None, "The cap that is sent where the format needs one, and the request has none.", ge=1
    )
    most_temperature: kinds.Rate | None = setting(None, "A higher temperature is lowered to it.")
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = setting(
        None, "Which field caps the answer in the chat format."
    )
    system_role: Literal["system", "developer"] | None = setting(None, "The role of instructions in the chat format.")
    developer: kinds.Switch | None = setting(None, "Whether it takes the role `developer` in the chat format.")
    thinks: Literal["", "effort", "budget", "adaptive", "level", "switch"] | None = setting(
        None, "How reasoning is asked for; empty: not at all."
    )
    thinking_field: (
        Literal["reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs", ""] | None
    ) = setting(None, "Where reasoning is asked for in the chat format; empty: nowhere.")
    efforts: Annotated[tuple[Effort, ...], kinds.MaybeList] | None = setting(
        None, "The efforts of reasoning it knows; another is moved to the nearest."
    )
    reasoning_field: Literal["", "reasoning_content", "reasoning", "reasoning_details", "thinking_parts"] | None = (
        setting(None, "Where it takes back the reasoning of earlier turns in the chat format; empty: nowhere.")
    )
    replays_reasoning: Literal["never", "tool_turns", "always"] | None = setting(
        None, "Whether it is given the reasoning of earlier turns back."
    )
    schema_field: Literal["json_schema", "value", "json_object_schema", "json_object"] | None = setting(
        None, "Where a JSON Schema goes in `response_format`; `json_object`: into the instructions."
    )
    tool_call_id: Literal["any", "short", "nine", "word"] | None = setting(
        None,
        "Which ids of tool calls it takes: `short` ones, up to 40 characters, `nine` letters and digits, or `word` for "
        "letters, digits, `_` and `-`.",
    )
    longest_label: kinds.Count | None = setting(
        None, "The most characters of `user` and of `prompt_cache_key`; of a longer one it gets the hash.", ge=20
    )
    stream_usage: kinds.Switch | None = setting(None, "Whether it takes `stream_options.include_usage`.")
    media_in_results: kinds.Switch | None = setting(
        None, "Whether the result of a tool may have pictures and files in it, in Google's format."
    )
    later_system: kinds.Switch | None = setting(
        None, "Whether system messages may stand in the middle of a conversation, in Anthropic's format."
    )


class Provider(Section):
    """One provider: who is asked, where, and with which key."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["api_key", "api_keys"]}})

    type: kinds.Text = setting(
        "", "Which kind of provider this is. Default: the name it is given here.", validate_default=False
    )
    base_url: kinds.WebUrl | None = setting(
        None, "Where its API begins, such as `https://host/v1`. Default: its type's."
    )
    region: kinds.UrlPart | None = setting(None, "Where it runs, for types whose URL has a region.")
    resource: kinds.UrlPart | None = setting(None, "The name of the resource, for Azure.")
    project: kinds.UrlPart | None = setting(None, "The project, for Google Vertex AI.")
    location: kinds.UrlPart | None = setting(None, "The location, for Google Vertex AI.")
    account: kinds.UrlPart | None = setting(None, "The account, for types whose URL has it.")
    format: Format | None = setting(None, "The wire format it is spoken to in. Default: its type's.")
    dialect: Dialect | None = setting(None, "How it departs from that format.")
    api_key: kinds.Secret | None = setting(None, "Its key. Default: from the environment variable of its type.")
    api_keys: Annotated[tuple[kinds.Secret, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "Several keys, used in turn, in place of `api_key`."
    )
    credentials: kinds.FilePath | None = setting(
        None, "The key file of a Google service account. Default: GOOGLE_APPLICATION_CREDENTIALS."
    )
    headers: Annotated[Mapping[kinds.HeaderName, kinds.Secret], kinds.MaybeMapping] = setting(
        {}, "Headers to send with every request."
    )
    allow_private: kinds.Switch | None = setting(
        None, "Whether it may have a private or loopback address. Default: only what one runs oneself, by its type."
    )
    ca: kinds.FilePath | None = setting(None, "Certificate authorities to trust, PEM. Default: the system's.")
    client_cert: kinds.FilePath | None = setting(
        None, "The certificate and its chain to show it where it asks for one, PEM."
    )
    client_key: kinds.FilePath | None = setting(None, "That certificate's private key, PEM.")
    proxy: kinds.ProxyUrl | None = setting(None, "The proxy through which it is reached.")
    max_idle: kinds.Count = setting(64, "Idle connections that each worker keeps open.", ge=0, le=100_000)
    terminator: kinds.Switch | None = setting(
        None, "Whether it ends a stream with `[DONE]`. Default: as its type does."
    )
    deadline: DeadlineOverride | None = setting(None, "Deadlines that differ for this provider.")
    price: Price | None = setting(None, "What its models cost, where `prices` does not name them.")
    data: DataFacts | None = setting(None, "What it does with what it is sent. Default: nothing is known.")
    router: kinds.Switch = setting(
        False, "Whether it routes requests itself, so that a request's `models` and `provider` are handed on to it."
    )
    simulated: Simulated | None = setting(None, "How it behaves; only for the type `simulated`.")


class Breaker(Section):
    """When a model that fails is left alone, but for one probe at a time."""

    failures: Annotated[int, Field(ge=1, le=1000), kinds.Whole] = setting(5, "So many failures in a row open it.")
    share: kinds.Share = setting("50%", "So large a share of the attempts lately opens it, too.")
    least: Annotated[int, Field(ge=1, le=1_000_000), kinds.Whole] = setting(
        20, "Attempts without which their share says nothing."
    )
    window: kinds.Timeout = setting("10s", "What lately means.")
    pause: kinds.Timeout = setting("2s", "Until the first probe; each that fails doubles it.")
    longest_pause: kinds.Timeout = setting("30s", "The longest time until the next probe.")


class Log(Section):
    """What is written to standard error."""

    format: Literal["json", "console"] = setting("json", "`json` is one object a line; `console` is for people.")
    level: Literal["debug", "info", "warning", "error"] = setting("info", "The least severity that is written.")
    requests: kinds.Switch = setting(True, "Whether every request has its line.")


class Fetch(Section):
    """Pictures and files that requests name by address, for models whose API takes only bytes."""

    hosts: Annotated[tuple[kinds.HostPattern, ...], kinds.MaybeList] = setting(
        (), "Hosts from which they may be fetched, such as `images.example.com` or `*.example.com`. None: from nowhere."
    )
    limit: kinds.Size = setting("20MiB", "The most that one may have.")
    timeout: kinds.Timeout = setting("10s", "How long one may take.")


class Responses(Section):
    """What is remembered of the answers of `/v1/responses`, encrypted, so that applications can refer to them."""

    store: kinds.Switch = setting(
        True,
        "Whether they are kept. If not, `previous_response_id` is refused, and none can be retrieved.",
    )
    keep: kinds.Timeout = setting("30d", "How long after its answer each is kept.")


class Ledger(Section):
    """What is recorded of every attempt. Sums by the hour and the day are kept for ever."""

    keep: kinds.Timeout | None = setting(
        None,
        "How long single attempts are kept, such as `180d`. Reports on whole hours stay as they are. Default: ever.",
    )


class Telemetry(Section):
    """What Trunkline tells about itself."""

    log: Log = section(Log)


class Control(Section):
    """The control plane's HTTP API."""

    token: kinds.Secret | None = setting(
        None, "What its callers send as `Authorization: Bearer`. Default: made at first start, in `server.data`."
    )


class Config(Section):
    """Everything `trunkline.yaml` may say. Every section is optional, and an empty file is valid.

    With nothing written, every provider whose key is in the environment answers, and so does `simulated`.
    """

    server: Server = section(Server)
    store: kinds.Store | None = setting(
        None,
        "Where keys and the ledger are kept: `sqlite://` and a path, or `postgresql://user:password@host/database`. "
        "Default: a file in `server.data`.",
    )
    key_secret: kinds.Secret | None = setting(
        None, "The secret of the HMAC by which virtual keys are stored. Default: made at first start, in `server.data`."
    )
    master_key: kinds.MasterKey | None = setting(
        None,
        "What encrypts all that is kept of prompts and answers: 32 random characters or more, such as `openssl rand "
        "-base64 32` prints. Default: made at first start, in `server.data`.",
    )
    control: Control = section(Control)
    deadline: Deadline = section(Deadline)
    retries: Retries = section(Retries)
    on_unsupported: OnUnsupported = setting(
        "reject",
        "What becomes of a parameter that the chosen model's API has no words for, where the answer depends on it: "
        "the request is refused, or the parameter is dropped. Harmless ones are always dropped; all that is dropped "
        "is named in `x-trunkline-dropped`.",
    )
    on_truncated: OnTruncated = setting(
        "error",
        "What becomes of a stream that breaks off: it ends with an error, or the next model is given what there is and "
        "goes on. Answers with tool calls, structured output, log probabilities or `n` above 1 are never gone on with. "
        "Streams that may be gone on with are read and written anew.",
    )
    breaker: Breaker = section(Breaker)
    requests_may: Annotated[tuple[Wish, ...], kinds.MaybeList] = setting(
        ["models", "provider", "route", "timeout", "tags", "priority"],
        "What a request may decide about its own route: other `models`, the order of `provider`, another model by "
        "`x-trunkline-route`, less time, tags, its priority. To be stricter than its route it may always.",
    )
    metadata_tags: Annotated[tuple[kinds.TagName, ...], kinds.MaybeList] = setting(
        ["feature", "environment", "customer"],
        "Entries of the `metadata` in a request's body that are tags of it, as if they stood in `x-trunkline-tags`, "
        "which wins. Others are the provider's business only.",
    )
    data: DataPolicy | None = setting(None, "What every provider must keep to with what it is sent.")
    max_price: PriceCap | None = setting(None, "What any model may cost.")
    fetch: Fetch = section(Fetch)
    cache: Cache = section(Cache)
    responses: Responses = section(Responses)
    ledger: Ledger = section(Ledger)
    providers: Annotated[Mapping[kinds.ProviderName, Provider], kinds.MaybeMapping] = setting(
        {}, "Providers by name. Those whose key is in the environment need not be here."
    )
    models: Annotated[Mapping[kinds.ModelName, Model], kinds.MaybeMapping] = setting(
        {}, "The names applications use. A `*` in a name takes any characters, and stands for them in its target."
    )
    complexity: Complexity = section(Complexity)
    embedder: Embedder | None = setting(None, "A model that turns texts into vectors. Default: none.")
    prices: Annotated[Mapping[kinds.ModelName, Price], kinds.MaybeMapping] = setting(
        {}, "What a `provider/model` costs, where the price catalogue is wrong or does not know."
    )
    currencies: Annotated[Mapping[Currency, Worth], kinds.MaybeMapping] = setting(
        {}, "What one unit of each other currency is worth in US dollars, for prices that are not in them."
    )
    guard: Annotated[Mapping[kinds.Text, Policy], kinds.MaybeMapping] = setting(
        {}, "Policies about what may be said, by name."
    )
    request_log: Annotated[Mapping[kinds.Text, LogPolicy], kinds.MaybeMapping] = setting(
        {}, "Policies about which requests are kept in full, encrypted, by name. Default: none is."
    )
    orgs: Orgs = setting({}, "Organisations by name, besides those in the store.")
    teams: Teams = setting({}, "Teams by name, each with its organisation's before it: `acme/support`.")
    users: Users = setting({}, "Users by name.")
    keys: Annotated[tuple[Key, ...], kinds.MaybeList] = setting((), "Virtual keys, besides those in the store.")
    limits: Annotated[tuple[Rates, ...], kinds.MaybeList] = setting(
        (), "What may be used in a second, a minute, an hour or a day. All that apply to a request hold."
    )
    budgets: Annotated[tuple[Budget, ...], kinds.MaybeList] = setting(
        (), "What may be spent in a day, a week, a month or altogether. All that apply to a request hold."
    )
    alerts: Alerts = section(Alerts)
    queue: Queue | None = setting(None, "Lets requests over a limit wait a little. Default: they are refused at once.")
    loops: Loops = section(Loops)
    shared: SharedUrl | None = setting(
        None,
        "A Valkey or Redis, `redis://` or `rediss://`, in which replicas share rates, concurrency and kept "
        "answers. Default: the store does the first two, and each process keeps its own answers.",
    )
    when_shared_away: WhenAway = setting(
        "refuse",
        "What happens while what replicas share cannot be reached, once this process has used what it was lent: "
        "requests are refused, or served and counted when it is back.",
    )
    telemetry: Telemetry = section(Telemetry)

    _source: Path | None = PrivateAttr(None)
    _digest: str = PrivateAttr("")
    _marks: Mapping[Place, Mark] = PrivateAttr({})

    @property
    def source(self) -> Path | None:
        """The file this was read from, if there was one."""
        return self._source

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal; of none, where there was no file."""
        return self._digest

    def place_of(self, path: Place) -> tuple[int, int]:
        """Line and column of the file at which something stands, or else what is around it; from 1."""
        while path and path not in self._marks:
            path = path[:-1]
        mark = self._marks.get(path)
        return (1, 1) if mark is None else mark.key or mark.value

    def told_place(self, path: Place) -> str:
        """The same before a message, as problems have it; empty where it stands in no file."""
        if self.source is None or path not in self._marks:
            return ""
        line, column = self.place_of(path)
        return f"{self.source}:{line}:{column}  "

    @field_validator("providers", mode="after")
    @classmethod
    def _typed(cls, providers: Mapping[str, Provider]) -> Mapping[str, Provider]:
        return {n: p if p.type else p.model_copy(update={"type": n}) for n, p in providers.items()}

    def model_post_init(self, context: Any) -> None:
        """Keep what the loader knows about the file."""
        if context:
            self._source, self._digest, self._marks = context["source"], context["digest"], context["marks"]
