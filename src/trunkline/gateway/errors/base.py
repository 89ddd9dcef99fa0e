"""What every error of the gateway is."""


class GatewayError(Exception):
    """The request has no answer; `status`, `kind` and `code` say why in the vocabulary of OpenAI's errors."""

    status = 500
    kind = "server_error"
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    """Seconds after which the caller may try again, where that is known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
