"""Where an object is and how it is turned: its outline in all views at once."""
