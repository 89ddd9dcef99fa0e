"""Whether a request may begin at all, before anything is known of it but who sends it."""


def shed(in_flight: int, most: int) -> bool:
    """Whether to turn a request away because too many are under way; it counts itself."""
    return in_flight > most
