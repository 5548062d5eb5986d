"""A sheet as the bytes of an SVG, PDF or PNG file; the same sheet gives the same bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .boards import Patch
from .sheet import Sheet

POINTS_PER_MM = 72.0 / 25.4
MOST_PIXELS = 200e6


def encode(sheet: Sheet, path: Path, dpi: int) -> bytes:
    """The file's content, of the kind that the name's suffix says."""
    kinds: dict[str, Callable[[Sheet], bytes]] = {".pdf": pdf, ".svg": svg, ".png": partial(png, dpi=dpi)}
    if path.suffix.lower() not in kinds:
        raise DynacollectError(f"{path} is no file for a board; end its name in .pdf, .svg or .png.")
    return kinds[path.suffix.lower()](sheet)


def _number(value: float) -> str:
    """To a tenth of a micrometre, without trailing zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def svg(sheet: Sheet) -> bytes:
    """One path of rectangles, so that no hair lines show between them."""
    n = _number
    black = "".join(f"M{n(p.x)} {n(p.y)}h{n(p.width)}v{n(p.height)}h-{n(p.width)}z" for p in sheet.patches)
    words = "".join(
        f'<text x="{n(w.x)}" y="{n(w.y)}" font-family="Helvetica, Arial, sans-serif" font-size="{n(w.height)}">'
        f"{escape(w.text)}</text>\n"
        for w in sheet.words
    )
    size = f"{n(sheet.width)} {n(sheet.height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{n(sheet.width)}mm" height="{n(sheet.height)}mm" '
        f'viewBox="0 0 {size}">\n<rect width="100%" height="100%" fill="white"/>\n<path d="{black}"/>\n{words}</svg>\n'
    ).encode()


def pdf(sheet: Sheet) -> bytes:
    """One page in Helvetica that asks the viewer not to scale it."""
    n = _number
    up = sheet.height
    content = [f"{POINTS_PER_MM:.9f} 0 0 {POINTS_PER_MM:.9f} 0 0 cm"]
    content += [f"{n(p.x)} {n(up - p.y - p.height)} {n(p.width)} {n(p.height)} re" for p in sheet.patches]
    content.append("f")
    for w in sheet.words:
        text = w.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        content.append(f"BT /F1 {n(w.height)} Tf {n(w.x)} {n(up - w.y)} Td ({text}) Tj ET")
    stream = "\n".join(content).encode("ascii")
    box = f"{sheet.width * POINTS_PER_MM:.4f} {sheet.height * POINTS_PER_MM:.4f}"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    return _pdf_file(parts)


def _pdf_file(parts: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(parts) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(out))
    )


def png(sheet: Sheet, dpi: int) -> bytes:
    """Grey, with the resolution written in, each pixel as dark as its black share: edges keep their place."""
    scale = round(dpi / 0.0254) / 1e3  # pixels per mm; PNG holds whole pixels per metre
    width, height = (math.ceil(side * scale) for side in (sheet.width, sheet.height))
    if width * height > MOST_PIXELS:
        raise DynacollectError(f"{dpi} dpi makes {width}x{height} pixels; lower --dpi or write .pdf.")
    ink = np.zeros((height, width), np.float32)
    for patch in sheet.patches:
        _fill(ink, patch, scale)
    image = Image.fromarray(np.rint(255 * (1 - np.clip(ink, 0, 1))).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for w in sheet.words:
        draw.text((w.x * scale, w.y * scale), w.text, 0, ImageFont.load_default(w.height * scale), anchor="ls")
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(scale * 25.4, scale * 25.4))
    return out.getvalue()


def _fill(ink: NDArray[np.float32], patch: Patch, scale: float) -> None:
    rows, down = _share(patch.y * scale, (patch.y + patch.height) * scale)
    columns, along = _share(patch.x * scale, (patch.x + patch.width) * scale)
    ink[rows, columns] += np.outer(down, along)


def _share(start: float, end: float) -> tuple[slice, Vector]:
    """Pixels that an interval touches, and how much of each."""
    first, last = math.floor(start), math.ceil(end)
    pixels = np.arange(first, last)
    return slice(first, last), np.minimum(pixels + 1, end) - np.maximum(pixels, start)
