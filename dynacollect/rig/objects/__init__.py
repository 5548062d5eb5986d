"""The object catalogue: household things as closed textured meshes with mass, collision parts and symmetry.

`names` and `load` give the built-in objects and the user's own; `add` (in `add.py`) takes a mesh file in; `mjcf.py`
puts an object into a MuJoCo scene and is not imported here.
"""

from .catalogue import load, load_all, names
from .model import ObjectModel, Solid, Symmetry, Zone

__all__ = ["ObjectModel", "Solid", "Symmetry", "Zone", "load", "load_all", "names"]
