"""Reading a report back as a reader would: words, tables, figures, links."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

VOID = {"br", "img", "meta"}
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """Holds every element to its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in VOID, f"{tag} is not closed in itself"
        self.open.append(tag)
        self._met(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self._met(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def _met(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    @property
    def text(self) -> str:
        return " ".join(self.words).replace("\u00a0", " ")

    def section(self, key: str) -> ElementTree.Element:
        found = self.root.find(f".//section[@id='{key}']")
        assert found is not None, f"the page has no section {key}"
        return found

    def table(self, key: str, number: int = 0) -> list[list[str]]:
        """The body of a table of a section, cell by cell."""
        rows = self.section(key).findall(".//table")[number].findall("tbody/tr")
        return [[words(cell) for cell in row] for row in rows]

    def figures(self, key: str, title: str) -> list[str]:
        """What each mark of a drawing says of itself."""
        for drawing in self.section(key).iter(f"{SVG}svg"):
            if drawing.findtext(f"{SVG}title") == title:
                return [words(one) for one in drawing.iter(f"{SVG}title")][1:]
        raise AssertionError(f"no figure {title}")

    def tiles(self) -> dict[str, str]:
        """By what they are about."""
        every = [one for one in self.root.iter("div") if one.get("class") == "tile"]
        return {(one[0].tail or ""): words(one[0]) for one in every}


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).replace("\u00a0", " ").strip()
