"""The thinking part of a guided capture: what to keep, what is missing, where to look from next, and the folder.

Nothing here reads a clock or touches a device; the caller drives the arm and shows what is said here.
"""
