"""Tracked states against the truth: errors, delays, losses and mix-ups."""
