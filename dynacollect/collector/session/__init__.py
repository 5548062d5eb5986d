"""A session: episodes one after another until the count is reached, whatever happens meanwhile."""
