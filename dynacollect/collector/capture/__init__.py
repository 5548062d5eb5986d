"""A capture session: drives the arm from view to view, keeps what serves, and stops when enough has been seen."""
