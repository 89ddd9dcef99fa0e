"""Answers that need no upstream."""
