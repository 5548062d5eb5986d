"""What `dynacollect bench` measures; figures, not tests."""
