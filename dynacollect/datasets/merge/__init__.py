"""Several built data sets into one: rows and pictures are taken over as they are."""

from .merge import Merged, Taken, merge

__all__ = ["Merged", "Taken", "merge"]
