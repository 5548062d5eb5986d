"""Networks that look for words: YOLO-World and YOLOE are told what the objects are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ....rig.errors import DynacollectError
from .naming import called
from .network import Network
from .offline import ultralytics

READERS = {"clip": "ViT-B-32.pt", "mobileclip": "mobileclip_blt.ts", "mobileclip2": "mobileclip2_b.ts"}
"""Networks that read words -> their files, which lie beside the weights."""
CLIP = "https://github.com/ultralytics/CLIP"


def teach(network: Network, words: Mapping[str, Sequence[str]]) -> None:
    """Have an open-vocabulary network look for these objects; any other, or one that knows them, stays as it is."""
    if len(called(network.labels, words)) == len(words) or not _takes_words(network.model):
        return
    spoken = list(dict.fromkeys(_spoken(own) for own in words.values()))
    inner = network.model.model
    inner.clip_model = _reader(inner, network.path)
    if isinstance(network.model, ultralytics().YOLOE):
        network.model.set_classes(spoken, inner.get_text_pe(spoken, cache_clip_model=True))
    else:
        inner.set_classes(spoken, cache_clip_model=True)
        inner.names, network.model.predictor = spoken, None
    inner.clip_model = None


def _takes_words(model: Any) -> bool:
    package = ultralytics()
    # One that needs no prompt has its words built in.
    return isinstance(model, package.YOLOWorld | package.YOLOE) and not hasattr(model.model.model[-1], "lrpc")


def _spoken(words: Sequence[str]) -> str:
    """What people call an object, which says more to such a network than its name in the catalogue."""
    return words[1] if len(words) > 1 else words[0].replace("_", " ")


def _reader(inner: Any, weights: Path) -> Any:
    """What turns words into the network's own."""
    kind = str(getattr(inner, "text_model", "clip:")).split(":")[0]
    file = weights.parent / READERS[kind]
    if not file.is_file():
        raise DynacollectError(
            f"{weights.name} reads words by {file.name}, which is not beside it; put it there, or save the weights "
            "with their classes set, on a computer that has both: model.set_classes([...]); model.save(...)"
        )
    try:
        models = import_module("ultralytics.nn.text_model")
    except ModuleNotFoundError as error:
        raise DynacollectError(
            f"the package clip is not installed, which splits words for {weights.name}; pip install git+{CLIP}"
        ) from error
    device = next(inner.parameters()).device
    return models.CLIP(str(file), device) if kind == "clip" else models.MobileCLIPTS(device, str(file))
