"""A stand-in for the firmware of an AgileX PiPER, on a CAN bus."""
