"""How long upstream may take, and when it is asked again."""

from typing import Annotated, Literal

from pydantic import Field

from trunkline.config import kinds
from trunkline.config.section import Section, setting

OnUnsupported = Literal["reject", "drop"]
OnTruncated = Literal["error", "resume"]


class Deadline(Section):
    """How long an upstream may take for one attempt."""

    connect: kinds.Timeout = setting("5s", "Until the connection stands, TLS included.")
    first_token: kinds.Timeout = setting("120s", "Until the first output of a stream.")
    gap: kinds.Timeout = setting("120s", "The longest silence between two pieces of a stream.")
    attempt: kinds.Timeout | None = setting(
        None,
        "For one attempt as a whole. Without it an attempt may take all that is left of `total`; with it, another "
        "model still has time to answer what is not streamed.",
    )
    total: kinds.Timeout = setting("600s", "For the request as a whole, over all attempts.")

    def overridden_by(self, other: "DeadlineOverride | None") -> "Deadline":
        """This deadline with what `other` names in place of its own."""
        return self.model_copy(update=other.model_dump(exclude_none=True)) if other else self


class DeadlineOverride(Section):
    """The deadlines that differ here; the others hold as they are."""

    connect: kinds.Timeout | None = setting(None, "Instead of `deadline.connect`.")
    first_token: kinds.Timeout | None = setting(None, "Instead of `deadline.first_token`.")
    gap: kinds.Timeout | None = setting(None, "Instead of `deadline.gap`.")
    attempt: kinds.Timeout | None = setting(None, "Instead of `deadline.attempt`.")
    total: kinds.Timeout | None = setting(None, "Instead of `deadline.total`.")


Attempts = Annotated[int, Field(ge=1, le=100), kinds.Whole]


class Retries(Section):
    """What happens when an attempt fails in a way that may pass."""

    attempts: Attempts = setting(3, "Attempts for one request, over all its deployments.")
    backoff: kinds.Duration = setting("250ms", "The wait before the second attempt; it doubles, and a part is random.")
    max_backoff: kinds.Duration = setting("8s", "The longest such wait.")
    max_wait: kinds.Duration = setting("10s", "A provider's `Retry-After` is respected up to this long.")
    budget: kinds.Share = setting(
        "10%", "The most attempts at the same model again, as a share of the ordinary ones; others are not bound by it."
    )

    def overridden_by(self, other: "RetriesOverride | None") -> "Retries":
        """These retries with what `other` names in place of its own."""
        return self.model_copy(update=other.model_dump(exclude_none=True)) if other else self


class RetriesOverride(Section):
    """What differs here about retries; the rest holds as it is."""

    attempts: Attempts | None = setting(None, "Instead of `retries.attempts`.")
    backoff: kinds.Duration | None = setting(None, "Instead of `retries.backoff`.")
    max_backoff: kinds.Duration | None = setting(None, "Instead of `retries.max_backoff`.")
    max_wait: kinds.Duration | None = setting(None, "Instead of `retries.max_wait`.")
