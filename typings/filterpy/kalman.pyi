"""What is used of filterpy, whose own defaults have the wrong types."""

import numpy as np
from numpy.typing import NDArray

_Vector = NDArray[np.float64]

def predict(x: _Vector, P: _Vector, F: _Vector, Q: _Vector) -> tuple[_Vector, _Vector]: ...
def update(x: _Vector, P: _Vector, z: _Vector, R: _Vector, H: _Vector) -> tuple[_Vector, _Vector]: ...
