"""Puts the repository root on `sys.path`, so that tests can share helpers as `tests.<folder>.<module>`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
