"""Who looks at a running session: a view in the terminal, lines for a log, a page for a browser, and metrics."""

from .page import Address
from .watch import Mode, watching

__all__ = ["Address", "Mode", "watching"]
