"""One base for every error that a person can put right."""


class DynacollectError(Exception):
    """Wrong input or a missing part: one plain sentence that ends in the remedy."""
