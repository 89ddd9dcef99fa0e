"""Usage, price, and the record of every attempt."""
