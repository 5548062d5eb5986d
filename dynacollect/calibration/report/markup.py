"""Elements of HTML and SVG that escape what is put into them."""

from __future__ import annotations

from html import escape

VOID = frozenset({"br", "img", "meta"})
"""HTML's elements that have no end."""


class Markup(str):
    """Text that is markup already; any other text is escaped as it goes into an element."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element; `class_` stands for class, `text_anchor` for text-anchor, and None leaves an attribute out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{said}/>" if name in VOID else f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: object) -> Markup:
    """One after the other; lists and tuples are taken apart."""
    return Markup("".join(_inner(child) for child in children))


def _inner(child: object) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, list | tuple):
        return joined(*child)
    return escape(_text(child))


def _text(value: object) -> str:
    """Numbers to a hundredth, as pixels need them."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
