"""The nine dimensions of the DOM benchmark as suites of episodes in the cell."""
