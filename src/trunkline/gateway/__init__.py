"""The data plane: one coroutine per request."""
