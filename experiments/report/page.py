"""The frame of every report: one self-contained HTML page that opens with its headline."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from rich.console import RenderableType
from rich.text import Text

from experiments.report import style
from experiments.report.glossary import find_terms

#: the field's words, said once below the headline: pattern of a report's word -> that word with the field's
FIELD_WORDS = {
    r"\bpaired\b|\bsame seeds?\b": "paired worlds (common random numbers)",
    r"\bseeds?\b": "seeds (replications)",
    r"\barms?\b": "arm \u201cnone\u201d (control)",
}


@dataclass(frozen=True)
class Picture:
    """One figure of the page."""

    title: str
    svg: str  #: an `<svg>` element, as `style.save_figure` returns it
    caption: str  #: what to look at
    alt: str  #: what it shows, for those who do not see it

    @property
    def accessible_svg(self) -> Markup:
        """The drawing with its text for screen readers, marked as safe to insert."""
        head = Markup('<svg role="img" aria-label="{}" ').format(self.alt)
        return head + Markup(self.svg.removeprefix("<svg "))


@dataclass(frozen=True)
class Table:
    """One table, folded unless `open`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    open: bool = False

    @classmethod
    def from_frame(cls, title: str, frame: pd.DataFrame, note: str = "") -> "Table":
        """Return a table of a frame whose cells are already words."""
        return cls(title, [str(name) for name in frame.columns], frame.astype(str).to_numpy().tolist(), note)


@dataclass(frozen=True)
class Drawing:
    """One figure before it is saved."""

    name: str  #: of its files in figures/
    title: str
    figure: Figure
    caption: str  #: what to look at
    alt: str  #: what it shows, for those who do not see it


@dataclass(frozen=True)
class Report:
    """What a report says of its results."""

    title: str
    headline: str  #: what was found, its numbers as `formatting.format_estimate` writes them
    summary: Sequence[str]
    drawings: Sequence[Drawing]
    tables: Sequence[Table]
    caveats: Sequence[str]  #: one of them begins with "Not modelled"
    files: Mapping[str, str]  #: name -> what it holds
    shown: Sequence[RenderableType] = ()  #: on the terminal, below headline and summary
    width: int = 0  #: letters that a terminal has at least for what is shown


@dataclass(frozen=True)
class Page:
    """The content of a report, in the order of the page."""

    title: str
    headline: str  #: what was found, its numbers as `formatting.format_estimate` writes them
    summary: Sequence[str]
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    facts: Mapping[str, object]  #: what was run: label -> value
    caveats: Sequence[str]  #: one of them begins with "Not modelled"
    command: str
    files: Mapping[str, str] = field(default_factory=dict)  #: name -> what it holds
    versions: Mapping[str, object] = field(default_factory=dict)
    config: str = ""


def read_metadata(folder: Path) -> dict[str, Any]:
    """Return the fields of a `Page` that say how a result was made, from what `folder.write_metadata` wrote."""
    about = yaml.safe_load((folder / "about.yaml").read_text(encoding="utf-8"))
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    return {**{name: about[name] for name in ("facts", "command", "versions")}, "config": text}


def write_report(compose: Callable[[], Report], folder: Path) -> Report:
    """Draw the figures of a report into `folder`/figures, write report.html and report.json, and return the report.

    The JSON holds the headline, all sentences and all tables, for programs. `folder` holds what
    `experiments.folder.write_metadata` wrote.
    """
    with style.apply_style():
        told = compose()
        pictures = [
            Picture(one.title, style.save_figure(one.figure, folder / "figures", one.name), one.caption, one.alt)
            for one in told.drawings
        ]
    said = {name: getattr(told, name) for name in ("title", "headline", "summary", "tables", "caveats", "files")}
    write(Page(pictures=pictures, **said, **read_metadata(folder)), folder / "report.html")
    notes = [str(part) for part in told.shown if isinstance(part, Text)]
    plain: dict[str, Any] = {"title": told.title, "headline": told.headline, "sentences": [*told.summary, *notes]}
    plain |= {"tables": [asdict(table) for table in told.tables]}
    (folder / "report.json").write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")
    return told


def render(page: Page) -> str:
    """Return the page as one HTML file that loads nothing else."""
    loader = PackageLoader("experiments.report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = _join_text(page)
    spoken = [words for pattern, words in FIELD_WORDS.items() if re.search(pattern, text, re.IGNORECASE)]
    return environment.get_template("page.html").render(page=page, terms=find_terms(text), field_words=spoken)


def _join_text(page: Page) -> str:
    """Return all words of the page, a line each part."""
    lines = [page.title, page.headline, *page.summary, *page.caveats, *page.facts]
    for picture in page.pictures:
        lines += [picture.title, picture.caption, picture.alt]
    for table in page.tables:
        lines += [table.title, table.note, *table.columns, *(cell for row in table.rows for cell in row)]
    return "\n".join(lines)


def write(page: Page, path: Path) -> None:
    """Write the page to `path`."""
    path.write_text(render(page), encoding="utf-8")
