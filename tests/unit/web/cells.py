"""What a page's tables and lists say, as text."""

from __future__ import annotations

from html.parser import HTMLParser


class Cells(HTMLParser):
    """The cells of the tables, row by row, the items of lists, and the addresses of links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.items: list[str] = []
        self.links: list[str] = []
        self.names: list[str] = []
        self._naming = False
        self._into: list[str] | None = None
        self.feed(page)

    @property
    def by_name(self) -> dict[str, list[str]]:
        """The cells of each row but the head, by what the link in its first cell says."""
        return dict(zip(self.names, (row[1:] for row in self.rows[1:]), strict=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self._into = self.rows[-1]
        if tag == "li":
            self.items.append("")
            self._into = self.items
        if tag == "a" and self.rows and len(self.rows[-1]) == 1 and self._into:
            self.names.append("")
            self._naming = True
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_data(self, data: str) -> None:
        if self._naming:
            self.names[-1] += data
        if self._into:
            self._into[-1] = " ".join(f"{self._into[-1]} {data}".split())

    def handle_endtag(self, tag: str) -> None:
        self._naming = self._naming and tag != "a"
        if tag in ("tr", "li"):
            self._into = None
