"""What may be said: redact, block, inject, inspect."""
