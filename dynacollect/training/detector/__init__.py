"""A segmenting network for objects of the catalogue, trained on pictures of the cell."""
