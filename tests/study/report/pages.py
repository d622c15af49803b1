"""HTML as a reader meets it: elements, their attributes, their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "path", "circle", "rect"}
"""Elements that have no end: HTML's, and those of SVG as the page writes them."""

RAW = {"script", "style"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """Elements of this tag below, in the order of the page."""
        found = []
        for child in self.children:
            if child.tag == tag and all(
                child.attributes.get(key.rstrip("_")) == value for key, value in wanted.items()
            ):
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def words(self) -> str:
        """All text below, spaces evened out; not what scripts and styles hold."""
        return " ".join(self._pieces().split())

    def _pieces(self) -> str:
        if self.tag in RAW:
            return ""
        pieces = self.text.split("\0")  # one stands in place of each child
        inner = [child._pieces() for child in self.children]
        return "".join(piece + child for piece, child in zip(pieces, [*inner, ""], strict=True))


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        self.open[-1].text += "\0"
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>, line {self.getpos()[0]}"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].text += data


def parsed(page: str) -> Element:
    """The document; fails where an element is not closed, or closed by another's end."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    assert parser.open == [parser.root], f"not closed: {[one.tag for one in parser.open[1:]]}"
    return parser.root
