"""The side-by-side benchmark: Trunkline, nginx as the floor, and other gateways, on one core each in turn."""
