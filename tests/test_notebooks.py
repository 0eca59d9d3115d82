"""Notebooks run from the first to the last cell, hold no output, and say what they need."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SMALL = {"PEOPLE": 120, "HOURS": 80}


def cells(book: Path) -> list[dict[str, Any]]:
    return list(json.loads(book.read_text("utf-8"))["cells"])


def source(book: Path) -> str:
    """Return the code of a notebook, at a small size."""
    code = "\n\n".join("".join(cell["source"]) for cell in cells(book) if cell["cell_type"] == "code")
    first = code.split("\n\n")[0]
    names, values = (part.split(", ") for part in first.split(" = "))
    small = ", ".join(
        str(min(int(value), SMALL.get(name, int(value)))) for name, value in zip(names, values, strict=True)
    )
    return code.replace(first, f"{', '.join(names)} = {small}", 1)


def test_there_are_five() -> None:
    assert [re.sub(r"\d_", "", book.stem) for book in BOOKS] == [
        "first_world",
        "own_agent",
        "own_detector",
        "own_defence",
        "sweep_read_back",
    ]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_a_notebook_holds_no_output(book: Path) -> None:
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells(book))


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_a_notebook_runs(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(source(book), book.name, "exec"), {"__name__": "notebook"})
