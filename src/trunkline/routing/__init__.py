"""Which upstream next; pure functions."""
