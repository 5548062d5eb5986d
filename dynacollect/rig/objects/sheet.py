"""Contact sheets: objects as MuJoCo draws them, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont
from scipy.spatial.transform import RigidTransform

from ..nouns import Image
from .mjcf import SOLID_GROUP, add_object
from .model import ObjectModel

BACKGROUND = (1.0, 1.0, 1.0)


def _scene(model: ObjectModel, size: int) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.visual.global_.offwidth = spec.visual.global_.offheight = size
    spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 4096, 8
    spec.visual.headlight.ambient = [0.42] * 3
    spec.visual.headlight.diffuse = [0.20] * 3
    spec.visual.headlight.specular = [0.05] * 3
    spec.visual.map.znear = 0.02
    spec.stat.extent, spec.stat.center = 1.0, [0.0, 0.0, 0.0]
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        rgb1=BACKGROUND,
        rgb2=BACKGROUND,
        width=64,
        height=64,
    )
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.6, 0.6, 0.1], rgba=[*BACKGROUND, 1.0])
    spec.worldbody.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[-0.25, -0.5, 0.9],
        dir=[0.28, 0.35, -0.9],
        diffuse=[0.58, 0.58, 0.58],
        specular=[0.3, 0.3, 0.3],
        castshadow=True,
        bulbradius=0.03,
    )
    add_object(spec, model, "shown", RigidTransform.from_translation([0.0, 0.0, model.rest_height]), free=False)
    return spec.compile()


def views(model: ObjectModel, azimuths: Sequence[float], size: int = 200, elevation: float = -28.0) -> list[Image]:
    """Square pictures of the object at rest, seen from directions in degrees."""
    scene = _scene(model, size)
    data = mujoco.MjData(scene)
    mujoco.mj_forward(scene, data)
    camera, option = mujoco.MjvCamera(), mujoco.MjvOption()
    option.geomgroup[SOLID_GROUP] = 0
    middle = 0.5 * (model.vertices.min(axis=0) + model.vertices.max(axis=0))
    camera.lookat[:] = [middle[0], middle[1], 0.48 * model.extent[2]]
    camera.distance = 1.28 * max(model.diameter, 0.04) + 0.06
    camera.elevation = elevation
    pictures = []
    with mujoco.Renderer(scene, size, size) as renderer:
        for azimuth in azimuths:
            camera.azimuth = azimuth
            renderer.update_scene(data, camera, option)
            pictures.append(renderer.render().copy())
    return pictures


def _grid(pictures: Sequence[Image], names: Sequence[str], columns: int) -> Image:
    size = pictures[0].shape[0]
    rows = -(-len(pictures) // columns)
    strip = 22 if names else 0
    ground = tuple(round(255 * value) for value in BACKGROUND)
    canvas = Pictures.new("RGB", (columns * size, rows * (size + strip)), ground)
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    for index, picture in enumerate(pictures):
        x, y = index % columns * size, index // columns * (size + strip)
        canvas.paste(Pictures.fromarray(picture), (x, y))
        if names:
            pen.text((x + size // 2, y + size + strip // 2), names[index], fill=(60, 60, 60), font=font, anchor="mm")
    return np.asarray(canvas)


def turntable(model: ObjectModel, count: int = 6, size: int = 240) -> Image:
    """The object from `count` sides, then from above and from low down."""
    around = views(model, [90.0 + 360.0 * i / count for i in range(count)], size)
    extra = views(model, [120.0], size, -75.0) + views(model, [90.0], size, -12.0)
    return _grid([*around, *extra], [], (count + 2) // 2)


def _best_side(model: ObjectModel) -> float:
    """Azimuth in degrees: labels are printed towards -y, boxes look better from a corner."""
    return 118.0 if any(solid.kind == "box" for solid in model.solids) else 95.0


def _sharp(picture: Image) -> Image:
    """Half the size, averaged, so that small print and shadows keep clean edges."""
    height, width, _ = picture.shape
    return picture.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)


def contact_sheet(models: Sequence[ObjectModel], columns: int = 6, size: int = 176) -> Image:
    """One picture of every object with its name below."""
    pictures = [_sharp(views(model, [_best_side(model)], 2 * size)[0]) for model in models]
    return _grid(pictures, [model.words[0] for model in models], columns)
