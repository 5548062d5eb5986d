"""Objects of which nobody gave a mesh, as the simple solids that they look most like."""
