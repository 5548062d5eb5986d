"""How tracked objects are shown and written down."""
