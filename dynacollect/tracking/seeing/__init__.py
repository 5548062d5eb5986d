"""Which pixels show which object: the empty scene in today's light, how objects look, and what the arm covers."""
