"""One page that says how far a calibration can be trusted, with pictures; no network and no scripts."""

from .left_out import LeftOut, left_out, pictures_taken
from .page import report_html
from .verdict import Verdict, verdict

__all__ = ["LeftOut", "Verdict", "left_out", "pictures_taken", "report_html", "verdict"]
