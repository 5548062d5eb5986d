"""USB cameras through the kernel's video devices."""
