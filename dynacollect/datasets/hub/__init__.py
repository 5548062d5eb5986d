"""A built data set to the Hugging Face Hub, and what is there checked against what is here."""

from .push import Plan, Pushed, plan, push

__all__ = ["Plan", "Pushed", "plan", "push"]
