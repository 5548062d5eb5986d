"""What came of a run of `dynacollect evaluate`, and the page about it."""
