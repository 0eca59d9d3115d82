"""Write the pages of results from templates and records; no number of a result stands anywhere else."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from experiments.apps import PROGRAM
from experiments.folder import ROOT
from experiments.plain_signs import PLAIN
from scripts.results.jobs import BY_NAME
from scripts.results.records import find_table
from sim.errors import InputError

README = ROOT / "README.md"
#: template beside this file -> the page that it makes
PAGES = {"results.md": ROOT / "docs" / "results.md", "validity.md": ROOT / "docs" / "validity.md"}
WIDTH = 120
#: with what an item of a list begins -> what stands for it in a sentence, where a line may begin with it
ITEMS = {"-": "\N{EN DASH}", "+": "\\+"}
INFINITY = "\N{INFINITY}"
QUOTE = re.compile(r"(?:^> .*\n)+", re.MULTILINE)

Records = Mapping[str, Mapping[str, Any]]


def render_all(records: Records) -> dict[Path, str]:
    """Return the text of every page, README among them, from the records alone.

    Raises:
        InputError: a template asks for something that no record has.
    """
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    teller = Teller(records)
    names = ("command", "headline", "sentences", "quote", "table", "made", "image")
    environment.globals |= {name: getattr(teller, name) for name in names} | {"records": records}
    try:
        texts = {path: environment.get_template(name).render() for name, path in PAGES.items()}
    except UndefinedError as error:
        raise InputError(f"a page cannot be written: {error.message}") from None
    readme = README.read_text(encoding="utf-8")
    pages = {path: re.sub(r"\n{3,}", "\n\n", text) for path, text in texts.items()}  # a job may have no sentence
    return {**pages, README: QUOTE.sub(lambda found: f"{teller.quote('suppression')}\n", readme, count=1)}


class Teller:
    """What templates call: parts of records as Markdown."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def command(self, name: str) -> str:
        """Return the command of a job as a block of code."""
        words = [PROGRAM, *BY_NAME[name].command.split(" ")]
        lines = textwrap.wrap(" ".join(words), WIDTH - 6, break_long_words=False, break_on_hyphens=False)
        return " \\\n        ".join(lines).join(("    ", ""))

    def headline(self, name: str) -> str:
        """Return the headline of a job's report, quoted."""
        return _quote(self._find(name)["headline"])

    def sentences(self, name: str, *starts: str) -> str:
        """Return the sentences of a job's report, all or those that begin so; several as a list."""
        told = [text for text in self._find(name)["sentences"] if not starts or text.startswith(starts)]
        return "\n".join(_wrap(text, *(("* ", "  ") if told[1:] else ())) for text in told)

    def quote(self, name: str) -> str:
        """Return the headline and the sentence on the dose, quoted, as README has them."""
        record = self._find(name)
        dose = [text for text in record["sentences"] if text.startswith("Half of the loss at the highest dose")]
        return _quote(" ".join([record["headline"], *dose]))

    def table(
        self,
        name: str,
        title: str,
        columns: Sequence[str] = (),
        where: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> str:
        """Return columns and rows of a table.

        Args:
            name: of the job.
            title: how the table's title begins.
            columns: their heads; all if none is named.
            where: column -> its values in the rows that are shown.

        Raises:
            InputError: the record has no such table, column or row.
        """
        table = find_table(self._find(name)["tables"], title, f"docs/results/{name}.json")
        heads = list(table["columns"])

        def find(column: str) -> int:
            if column not in heads:
                raise InputError(f"docs/results/{name}.json has no column {column!r} in {title!r}: {', '.join(heads)}")
            return heads.index(column)

        kept = [find(column) for column in columns or heads]
        asked = {find(column): values for column, values in where.items()}
        for place, values in asked.items():
            if lacking := sorted({*values} - {row[place] for row in table["rows"]}):
                raise InputError(f"docs/results/{name}.json has no row {lacking[0]!r} in {title!r}")
        rows = [row for row in table["rows"] if all(row[place] in values for place, values in asked.items())]
        lines = [
            [heads[place] for place in kept],
            ["---"] * len(kept),
            *([row[place] for place in kept] for row in rows),
        ]
        return "\n".join(f"| {' | '.join(map(_format_cell, line))} |" for line in lines)

    def made(self, name: str) -> str:
        """Return how a job was made: seeds, processor time, commit, date."""
        record = self._find(name)
        setting, minutes = record["setting"], record["seconds"] / 60
        time = f"{record['seconds']} s" if minutes < 2 else f"{minutes:.0f} minutes"
        is_model = "paper" not in setting  # a published model counts its runs itself, in its headline
        seeds = f"{setting['seeds']} seeds from {setting['seed']} on, " if is_model else ""
        of = f"version {record['version']}, commit {record['commit']}, {record['date']}"
        return _wrap(f"*{seeds}{time} of processor time; {of}.*")

    def image(self, name: str, file: str, alt: str) -> str:
        """Return a picture of a job."""
        if file not in self._find(name)["pictures"]:
            raise InputError(f"docs/results/{name}.json has no picture {file}")
        return f"![{alt}](images/{file})"

    def _find(self, name: str) -> Mapping[str, Any]:
        if name not in self.records:
            raise InputError(f"no record of {name}: python -m scripts.results --only {name}")
        return self.records[name]


def _quote(text: str) -> str:
    return _wrap(text, "> ", "> ")


def _wrap(text: str, first: str = "", then: str = "") -> str:
    plain = re.sub(r" ([-+]) ", lambda sign: f" {ITEMS[sign[1]]} ", format_plain(text))
    lines = textwrap.wrap(plain, WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)
    return "\n".join(lines)


def _format_cell(text: str) -> str:
    return format_plain(text).replace("|", "\\|")


def format_plain(text: str) -> str:
    """Return text with the plain signs in which the pages are written."""
    return "".join(PLAIN.get(sign, sign) if sign != INFINITY else sign for sign in text)
