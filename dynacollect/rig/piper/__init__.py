"""An AgileX PiPER: its driver, and a stand-in for its firmware."""
