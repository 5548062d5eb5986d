"""What can be wrong with recorded episodes: rules as data, and what each of them is judged from."""

from .check import check_any, check_export, check_session
from .report import Report
from .rule import Finding, Rule
from .table import EVERY, rules_named

__all__ = ["EVERY", "Finding", "Report", "Rule", "check_any", "check_export", "check_session", "rules_named"]
