"""What answers are kept for those who ask the same again."""

from typing import Literal

from trunkline.config import kinds
from trunkline.config.section import Section, setting

Scope = Literal["user", "key", "team", "org", "all"]
Replay = Literal["pieces", "whole"]
Split = Literal["first", "even"]


class Semantic(Section):
    """Answers to the same question in other words. Needs `embedder`; without it only the same words find an answer."""

    max_error: kinds.Share = setting("1%", "The share of all requests that may be given a wrong answer.")
    store: kinds.Switch = setting(
        True,
        "Whether what it keeps is in the store as well, encrypted: it outlives a restart, and all replicas have it.",
    )


class CacheOverride(Section):
    """What differs about the cache for this model."""

    ttl: kinds.Duration | None = setting(None, "Instead of `cache.ttl`; `0s`: its answers are not kept.")
    scope: Scope | None = setting(None, "Instead of `cache.scope`.")
    stale: kinds.Duration | None = setting(None, "Instead of `cache.stale`.")
    tools: kinds.Switch | None = setting(None, "Instead of `cache.tools`.")
    temperature: kinds.Temperature | None = setting(None, "Instead of `cache.temperature`.")
    replay: Replay | None = setting(None, "Instead of `cache.replay`.")
    cost: Split | None = setting(None, "Instead of `cache.cost`.")
    semantic: Semantic | None = setting(None, "Instead of `cache.semantic`.")


class Cache(Section):
    """Answers that are kept for those who ask the same again, and calls that are shared while they are under way."""

    ttl: kinds.Duration = setting("0s", "How long an answer is good. Default: nothing is kept or shared.")
    scope: Scope = setting(
        "user",
        "Who is given the same answers: the `user` that the request names, within its key; all requests of a `key`, of "
        "a `team` or an `org`; or `all`.",
    )
    stale: kinds.Duration = setting(
        "0s", "How long after that an answer may stand in when every model has failed. Default: never."
    )
    tools: kinds.Switch = setting(False, "Whether answers to requests with tools are kept.")
    temperature: kinds.Temperature | None = setting(
        None,
        "The highest temperature of requests whose answers are kept; one that names none counts as 1. Default: any.",
    )
    replay: Replay = setting(
        "pieces", "How a kept answer is streamed: in `pieces` of a few words, or `whole`, in a single one."
    )
    cost: Split = setting(
        "first",
        "Who pays for a call that several requests share: the `first`, or all in `even` parts (not with `budgets`).",
    )
    semantic: Semantic | None = setting(
        None, "Whether the same question in other words is given the same answer. Default: not."
    )
    size: kinds.Size = setting(
        "256MiB",
        "The most memory that kept answers take, in each worker; those found by their sense may take as much again.",
    )
