"""Pickles of plain values and arrays of numbers, and a reader that can make nothing else."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..remote.wire import StrangerError, array_of

PROTOCOL = 4
MOST_VALUES, DEEPEST = 10_000, 16
"""Of a message; an array counts as one."""


def dumped(value: object) -> bytes:
    """For any numpy to read: arrays are made by `numpy.ndarray` of bytes, the one name that all of them know."""
    file = io.BytesIO()
    _Pickler(file, PROTOCOL).dump(value)
    return file.getvalue()


def loaded(data: bytes) -> Any:
    """What it says in dictionaries, lists, tuples, text, numbers and arrays; StrangerError if it is anything else."""
    try:
        return _Finished().value(_Unpickler(io.BytesIO(data)).load())
    except StrangerError:
        raise
    except Exception as error:  # because a pickle that is none may fail in any way
        raise StrangerError(f"a message that is no pickle ({type(error).__name__})") from error


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, np.ndarray):
            return NotImplemented
        little = np.ascontiguousarray(obj, obj.dtype.newbyteorder("<"))
        return np.ndarray, (obj.shape, little.dtype.str, bytearray(little.tobytes()))


class _Global:
    """What a pickle may call: one of the functions here, and nothing can be put into it."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __setattr__(self, name: str, value: object) -> None:
        raise StrangerError("a message that changes its reader")

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)


class _Dtype:
    """A type of numbers, as far as it has been read."""

    __slots__ = ("code", "order")

    def __init__(self, code: str, *_: object) -> None:
        self.code, self.order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    @property
    def name(self) -> str:
        bare = self.code.lstrip("<>|=")
        order = self.code[0] if self.code[:1] in ("<", ">", "|") else self.order
        return ("|" if bare in ("b1", "i1", "u1") else order.replace("=", "<")) + bare


class _Array:
    """An array, as far as it has been read."""

    __slots__ = ("data", "dtype", "shape", "turned")

    def __init__(self, shape: Any, dtype: Any, data: Any, turned: bool = False) -> None:
        self.shape, self.dtype, self.data, self.turned = shape, dtype, data, turned

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, self.turned, self.data = state

    def made(self) -> NDArray[Any]:
        dtype = self.dtype.name if isinstance(self.dtype, _Dtype) else self.dtype
        shape = [self.shape] if type(self.shape) is int else list(self.shape)
        data = bytes(self.data) if isinstance(self.data, bytearray) else self.data
        array = array_of({"dtype": dtype, "shape": shape[::-1] if self.turned else shape, "data": data})
        return array.T if self.turned else array


def _filled(shape: Any, dtype: Any, data: Any) -> _Array:
    return _Array(shape, dtype, data)


def _emptied(*_: object) -> _Array:
    return _Array((), None, None)


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    return _Array(shape, dtype, data, turned=order == "F")


def _scalar(dtype: Any, data: Any) -> _Array:
    return _Array((), dtype, data)


def _encoded(text: str, encoding: str) -> bytes:
    """How protocols before 3 write bytes."""
    if encoding != "latin1":
        raise StrangerError("a message in another encoding")
    return text.encode("latin1")


def _bytes(data: bytes = b"", *_: object) -> bytes:
    if not isinstance(data, bytes):
        raise StrangerError("a message that makes bytes of something else")
    return data


_KNOWN = {
    ("numpy", "ndarray"): _Global(_filled),
    ("numpy", "dtype"): _Global(_Dtype),
    ("_codecs", "encode"): _Global(_encoded),
    **{(module, name): _Global(_bytes) for module in ("builtins", "__builtin__") for name in ("bytes", "bytearray")},
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Global(_emptied) for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Global(_scalar) for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Global(_from_buffer) for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = _KNOWN.get((module, name))
        if found is None:
            raise StrangerError(f"a message that wants {module}.{name}, which is no plain value")
        return found


class _Finished:
    """Arrays in place of what was read of them, in a message of bounded size."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def value(self, item: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise StrangerError("a message of too many values")
        if item is None or type(item) in (bool, int, float, str, bytes):
            return item
        if type(item) is _Array:
            return item.made()
        if type(item) in (list, tuple):
            return type(item)(self.value(each, depth + 1) for each in item)
        if type(item) is dict and all(type(key) is str for key in item):
            return {key: self.value(each, depth + 1) for key, each in item.items()}
        raise StrangerError(f"a message with a {type(item).__name__}")
