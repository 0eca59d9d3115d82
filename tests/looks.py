"""The common look of reports: what every app's page must have, whatever it says."""

import re
from pathlib import Path

from experiments.ownership import list_files
from tests.conftest import ROOT

CHAPTERS = ("What was run", "Tables", "What this does not show", "How to reproduce")
INTERVAL = r"9[05]% intervals?\b|\bno interval\b|\ban interval needs two seeds\b"  #: as `words.measured` tells it


def common_look(path: Path) -> None:
    """Hold that a report opens with a number, or says that there is none, shows and tells, and loads nothing."""
    page = path.read_text(encoding="utf-8")
    headline = found(r"<h1>(.*?)</h1>", page)
    if re.search(r"\d", headline):
        assert re.search(INTERVAL, headline), f"a number in the headline has no interval: {headline}"
    else:
        assert re.search(r"[Nn]o\b", headline), f"the headline has no number: {headline}"
    svgs = re.findall(r"<svg [^>]*>", page)
    assert svgs, "there is no picture"
    assert all(re.search(r'role="img" aria-label="[^"]{10,}"', svg) for svg in svgs), "a picture has no text"
    places = [page.find(f"<h2>{chapter}</h2>") for chapter in CHAPTERS]
    assert min(places) > -1, dict(zip(CHAPTERS, places, strict=True))
    assert places == sorted(places), dict(zip(CHAPTERS, places, strict=True))
    ran, tables, caveats, again = (page[a:b] for a, b in zip(places, [*places[1:], len(page)], strict=True))
    assert "<figcaption></figcaption>" not in page, "a picture does not say what to look at"
    assert "<dt>" in ran, "it does not say what was run"
    assert re.search(r"<li>Not modelled\b", caveats), "it does not say what was not modelled"
    assert found(r"<pre>(.*?)</pre>", again).strip(), "it does not say how to make it again"
    assert tables.count("<summary>") == tables.count("<table>") > 0, "it has no table"
    assert "@media print" in page, "it is not made for paper"
    assert not re.search(r'(src|href)="(?!#|data:)|url\((?!#|["\']?#)|@import', page), "it loads something"


def manual_has_files(app: str, folder: Path) -> None:
    """Hold that docs/using.md has a row for every file of a result; those of every app stand in its first table."""
    page = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    tables = [
        page.partition(f"| file of `{name}` | holds |\n")[2].partition("\n\n")[0] for name in (app, "suppression")
    ]
    own, common = ({*re.findall(r"`([\w./]+)`", re.sub(r"(?m)\|[^|]*\|$", "", table))} for table in tables)
    common = {name for name in common if not name.endswith(".parquet")}
    there = {re.sub(r"^figures/.*", "figures/", name) for name in list_files(folder)}
    assert there - common <= own


def found(pattern: str, page: str) -> str:
    """Return the only group of a pattern's first match."""
    match = re.search(pattern, page, re.DOTALL)
    assert match, f"the page lacks {pattern}"
    return match[1]


def rows_of_tables(said: str, title: str) -> int:
    """Return how many lines the table of this title takes on a terminal of 80 characters, its head among them."""
    assert "\u2026" not in said, "something was cut"
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80
    body = lines[next(n for n, line in enumerate(lines) if line.strip() == title) + 2 :]
    rule = next(n for n, line in enumerate(body) if line.strip("\u2500 ") == "")
    stop = next(n for n, line in enumerate(body) if n > rule and not line.strip())
    return stop - 1
