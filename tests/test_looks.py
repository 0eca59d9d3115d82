"""All reports share one look: whatever writes a page is called by a test that holds the page to it."""

import re

import pytest

from tests.conftest import ROOT

REPORTS = sorted(
    path.stem
    for path in (ROOT / "experiments" / "report").glob("*.py")
    if re.search(r"^def compose\(", path.read_text(encoding="utf-8"), re.MULTILINE)
)


def names(path: str) -> str:
    """Return a pattern of a line that imports a module of the report, or an app."""
    folder, name = path.rsplit(".", 1)
    return rf"(from {folder} import (\w+( as \w+)?, )*{name}\b|(from|import) {path}\b)".replace(".", r"\.")


def test_there_are_as_many_reports_as_apps_that_tell_something():
    assert len(REPORTS) == 19, REPORTS


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_is_held_to_the_common_look(report: str):
    writers = [f"experiments.report.{report}"] + [
        f"experiments.{path.stem}"
        for path in (ROOT / "experiments").glob("*.py")
        if re.search(names(f"experiments.report.{report}"), path.read_text(encoding="utf-8"))
    ]
    if (ROOT / "experiments" / f"{report}.py").is_file():  # an experiment finds its report by its own name
        writers.append(f"experiments.{report}")
    assert len(writers) > 1, f"no app writes the report {report}"
    held = [
        file.stem
        for file in (ROOT / "tests").glob("test_*.py")
        for text in [file.read_text(encoding="utf-8")]
        if "    common_look(" in text and any(re.search(names(path), text) for path in writers)
    ]
    assert held, f"no test calls {' or '.join(writers)} and holds its report to tests/looks.py"
