"""The glossary explains every word that tables and reports use, and no word that is gone."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from experiments.analysis import contrasts, summary
from experiments.report.formatting import CAUSES
from experiments.report.glossary import Term, find_terms, load_terms
from experiments.report.page import Page, Table, render
from experiments.report.tables import EFFECTS
from experiments.settings import build_setting
from scripts import glossary
from sim.state.records import OUTCOMES
from sim.world import World
from tests.conftest import ROOT
from tests.test_conf import composed

TERMS = load_terms()
NAMES = [name for term in TERMS for name in term.names]
SOURCES = [
    path
    for folder in ("sim", "experiments", "conf")
    for path in (ROOT / folder).rglob("*.*")
    if path.suffix in (".py", ".yaml") and path.stem != "glossary"
]


def worlds() -> Iterator[World]:
    """Yield a small world of every scenario, and one with a defence."""
    settings = [f"scenario={path.stem}" for path in sorted((ROOT / "conf" / "scenario").glob("*.yaml"))]
    for setting in (*settings, "defence=prompt"):
        yield World(build_setting(composed("run", setting, "population.size=120")), rng=1)


def explained(column: str) -> bool:
    return any(fnmatchcase(column, name) for name in NAMES)


def test_the_page_is_current() -> None:
    assert glossary.PAGE.read_text(encoding="utf-8") == glossary.page(), "run: python -m scripts.glossary"


def test_terms_are_in_order_and_no_name_has_two() -> None:
    words = [term.term.lower() for term in TERMS]
    assert words == sorted(set(words))
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.term)
def test_a_term_has_one_sentence_and_arabic(term: Term) -> None:
    assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", term.means)
    assert not any("|" in text for text in (term.term, term.means, term.field))
    assert re.search(r"[\u0621-\u064a]", term.ar)
    assert not re.search(r"[A-Za-z]", term.ar)


def test_every_hourly_measure_is_explained() -> None:
    columns: set[str] = set()
    for world in worlds():
        world.run(1)
        columns |= set(world.history.columns)
    assert len(columns) > 100
    assert sorted(filter(lambda column: not explained(column), columns)) == []


def test_every_outcome_is_explained() -> None:
    columns = {*OUTCOMES, *CAUSES, *summary.FIXED, *summary.MEASURES, *contrasts.EFFECTS, *EFFECTS}
    assert sorted(filter(lambda column: not explained(column), columns)) == []


def test_no_name_is_gone() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    words = set(re.findall(r"\w+", code))
    assert [name for name in NAMES if name.rstrip("*_") not in words] == []


@pytest.mark.parametrize("name", CAUSES)
def test_the_label_of_a_cause_brings_its_explanation(name: str) -> None:
    assert any(name in term.names for term in find_terms(f"mostly {CAUSES[name]}, as it seems"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Shapley values of each tactic", ["Shapley value", "tactic"]),
        ("a column dissent_withheld", ["dissent withheld"]),
        ("SEEDS", ["seed"]),
        ("armies, seedlings and worldly pleasures", []),
    ],
)
def test_terms_are_found_as_whole_words_in_any_case_and_number(text: str, found: list[str]) -> None:
    assert [term.term for term in find_terms(text)] == found


def test_a_report_explains_its_own_words_and_no_others() -> None:
    table = Table("Every dose", ["dose"], [["hysteresis"]])
    page = Page("t", "Nothing", [], [], [table], {"bootstrap interval": 1}, ["Not modelled: fans"], "command")
    folded = re.findall(r"<summary>Words of this page</summary>\n<dl>(.*?)</dl>", render(page), re.DOTALL)
    assert len(folded) == 1
    assert re.findall(r"<dt>(.*?)</dt>", folded[0]) == ["bootstrap interval", "dose", "fans", "hysteresis", "interval"]
    assert "path dependence" in folded[0]
    assert "Words of this page" not in render(Page("", "", [], [], [], {}, [], ""))
