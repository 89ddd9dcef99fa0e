"""What a request takes of its meters, in the order of `UNITS`."""

Amounts = tuple[int, ...]
"""Of each unit: requests, input, output and total tokens, requests under way, nano-dollars."""
NOTHING: Amounts = (0, 0, 0, 0, 0, 0)


def amounts(input_tokens: int = 0, output_tokens: int = 0, cost: int = 0) -> Amounts:
    """What a request takes when it begins."""
    return (1, input_tokens, output_tokens, input_tokens + output_tokens, 1, cost)


def usage(input_tokens: int = 0, output_tokens: int = 0, cost: int = 0) -> Amounts:
    """What it has used when it ends: a request, and nothing under way any more."""
    return (1, input_tokens, output_tokens, input_tokens + output_tokens, 0, cost)
