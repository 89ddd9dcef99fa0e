"""The wire formats that clients and providers speak; pure functions."""
