"""Printed tags on objects: what is stuck where, where pictures show it, and the pose that this gives."""
