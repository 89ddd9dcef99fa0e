"""What a name of the configuration comes to in the end: a model of a provider."""

import msgspec


class Target(msgspec.Struct, frozen=True):
    """One model of one configured provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Retries(msgspec.Struct, frozen=True):
    """When to try again. Seconds."""

    attempts: int = 3
    """Most attempts for one request, over all targets together."""
    backoff: float = 0.25
    most: float = 8.0
    longest_wait: float = 10.0
    """A provider that asks to wait for longer is not waited for."""
