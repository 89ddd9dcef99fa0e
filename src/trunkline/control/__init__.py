"""The control plane: metrics and administration, on a listener of its own."""
