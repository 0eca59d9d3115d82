"""Documents say what the code does: tables are current, snippets run, links lead somewhere, sources are listed."""

import ast
import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.facts.facts import FACTS
from scripts import parameters
from sim.state.accounts import Accounts
from sim.state.posts import Posts, make_drafts
from sim.state.records import OUTCOMES
from sim.tick import TICK
from tests.conftest import ROOT
from tests.test_conf import composed

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = [path for folder in ("sim", "experiments") for path in sorted((ROOT / folder).rglob("*.py"))]
DOI = re.compile(r"doi:(10\.[^\s),;`|]+[^\s),;`|.])")
CALIBRATION = "experiments/calibration/search.py"  #: may search, parameters of people and platform alone
SEARCHERS = ("scipy.optimize", "optuna", "nevergrad", "skopt", "hyperopt", "ax", "botorch", "pymoo", "deap", "cma")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def snippets(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text(ROOT / page), re.DOTALL)


def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def commands() -> list[tuple[str, str, list[str]]]:
    """Return page, app and overrides of every command that stands on a line of its own, placeholders left out."""
    found = []
    for page in PAGES:
        joined = text(page).replace("\\\n", " ")
        for app, rest in re.findall(
            r"^    (?:infowar-lab |python -m experiments\.)([a-z]+)\b(.*)$", joined, re.MULTILINE
        ):
            words = shlex.split(re.sub(r"#.*|\$?\(.*\)", "", rest))
            if app in APPS and not any(word.startswith("--") for word in words):
                found.append((page.name, app, words))
    return found


APPS = {path.stem for path in (ROOT / "conf").glob("*.yaml")} - {"base", "model"}
TAUGHT = [path.relative_to(ROOT).as_posix() for path in PAGES if path.name != "reading.md"]  # test_sweep_reading.py
SNIPPETS = [(page, number) for page in TAUGHT for number in range(len(snippets(page)))]


def test_the_table_of_parameters_is_current() -> None:
    assert text(parameters.PAGE) == parameters.format_page(), "run: python -m scripts.parameters"


def test_every_parameter_has_a_meaning_and_every_meaning_a_parameter() -> None:
    there = {f"{group}.{column.name}" for group, rule in parameters.iterate_rules() for column in fields(rule)}
    assert set(parameters.MEANINGS) == there
    assert all(meaning.strip() and "|" not in meaning for meaning in parameters.MEANINGS.values())


@pytest.mark.parametrize(("page", "number"), SNIPPETS)
def test_a_snippet_runs(page: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(snippets(page)[number], f"{page}, snippet {number}", "exec"), {"__name__": "snippet"})


def test_the_readme_is_one_page_with_a_picture_and_python() -> None:
    readme = ROOT / "README.md"
    assert len(text(readme).splitlines()) <= 150
    assert readme.stat().st_size <= 8192
    assert snippets("README.md")
    assert re.search(r"!\[[^\]]+\]\(docs/images/\w+\.png\)", text(readme))


def test_the_first_world_of_the_readme_shows_what_a_flood_does() -> None:
    place: dict[str, Any] = {}
    first = snippets("README.md")[0]
    assert len(first.replace("\n\n", "\n").splitlines()) == 5
    exec(first, place)
    history, start = place["history"], place["world"].setting.campaign.start
    before, after = history[:start], history.iloc[-1]
    assert (before["army_posts"] == 0).all()
    assert after["perceived_support"] > before["perceived_support"].max()
    assert history["true_support"].nunique() == 1


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        reached.add(page)
        links = (page.parent / link for link in re.findall(r"\]\(([\w/.]+\.md)\b", text(page)))
        waiting += [link for link in links if link.resolve() not in reached]
    assert set(PAGES) <= reached


def test_the_numbers_of_the_readme_stand_among_the_results() -> None:
    readme, results = text(ROOT / "README.md"), text(ROOT / "docs" / "results.md")
    quote = re.search(r"(^> .*\n)+", readme, re.MULTILINE)
    assert quote
    assert quote[0] in results
    assert re.findall(r"\d[\d.,]*%|\d[\d.]* (?:s|min|h|MB|GiB|posts|points)\b", readme.replace(quote[0], "")) == []


@pytest.mark.parametrize("name", sorted(set(Accounts._fields)))
def test_the_odd_lists_every_column_of_accounts(name: str) -> None:
    assert f"| account | `{name}` |" in text(ROOT / "docs" / "odd.md")


@pytest.mark.parametrize("name", sorted(set(Posts._fields)))
def test_the_odd_lists_every_column_of_posts(name: str) -> None:
    assert f"| post | `{name}` |" in text(ROOT / "docs" / "odd.md")


def test_the_odd_lists_no_column_that_is_not_there() -> None:
    listed = re.findall(r"^\| (account|post) \| `(\w+)` \|", text(ROOT / "docs" / "odd.md"), re.MULTILINE)
    assert sorted(listed) == sorted([("account", n) for n in Accounts._fields] + [("post", n) for n in Posts._fields])


def test_the_odd_accounts_for_every_cell() -> None:
    page = text(ROOT / "docs" / "odd.md")
    identity = page[page.index("opportunities = left") :].split("\n\n")[0]
    assert tuple(re.findall(r"\w+", identity.partition("=")[2])) == OUTCOMES


def test_the_odd_says_on_what_every_decision_rests() -> None:
    page, listed = text(ROOT / "docs" / "odd.md"), text(ROOT / "docs" / "references.md")
    section = page[page.index("### 4.2") : page.index("### 4.3")]
    rules = {type(rule).__name__ for _, rule in parameters.iterate_rules()}
    assert rules <= set(re.findall(r"`(\w+)`", section))
    for row in re.findall(r"^\| (?!agent|---)(.+) \|$", section, re.MULTILINE):
        for basis in row.split(" | ")[3:]:
            assert re.search(r"assumption|essay|Research Agency|[Ff]acts? \d|\b\d{4}\b", basis), row
            for name, year in re.findall(r"([A-Z][a-z]+)(?: et al\.| & [A-Z][a-z]+)? (\d{4})\b", basis):
                assert re.search(rf"{name}\b[^|]*{year}", listed), f"{name} {year}"


def test_the_odd_keeps_the_order_of_the_tick() -> None:
    phases = ["wake", "read", "react", "speak", "order", "publish", "moderate"]
    assert re.findall(r"^\d\. \*\*(\w+)\*\* - ", text(ROOT / "docs" / "odd.md"), re.MULTILINE) == phases
    tick = [phase.name for phase in TICK]
    assert [name for name in tick if name in ("act", *phases)] == ["wake", "act", "order", "publish", "moderate"]
    code = text(ROOT / "sim" / "tick.py").partition("def read(")[2]
    places = [code.index(call) for call in (".read(", ".react(", ".speak(")]
    assert places == sorted(places)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(path))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_headings(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text(path))
    assert [
        target for target in targets if target[1] not in headings(path.parent / target[0] if target[0] else path)
    ] == []


#: files that a reader of the tutorial makes
READERS = {"conf/mechanism/fatigue.yaml", "conf/sizes.yaml", "experiments/sizes.py"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    named = set(re.findall(r"`((?:sim|experiments|tests|scripts|conf)/[\w/]+\.(?:py|yaml))`", text(path)))
    assert [name for name in named - READERS if "NAME" not in name and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_names_a_machine(path: Path) -> None:
    absolute = r"(?<!:/)(?<![\w.:<])/\w+/\S*"  # but for the addresses of pages
    assert re.findall(rf"{absolute}|\.\./shared\S*", text(path)) == []


def test_every_doi_in_the_code_is_listed() -> None:
    cited = {doi for path in CODE for doi in DOI.findall(text(path))}
    listed = set(DOI.findall(text(ROOT / "docs" / "references.md")))
    assert cited
    assert cited <= listed


def test_facts_have_the_marks_and_the_use_that_the_code_gives_them() -> None:
    page = text(ROOT / "docs" / "references.md")
    listed = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \| ([CVD]) \|$", page, re.MULTILINE)
    assert listed == [(str(fact.number), fact.certainty, fact.use) for fact in FACTS]


def test_every_choice_is_explained() -> None:
    page = text(ROOT / "docs" / "using.md")
    for group in ("graph", "feed", "scenario"):
        for choice in (ROOT / "conf" / group).glob("*.yaml"):
            assert f"`{choice.stem}`" in page


def test_every_extra_is_listed_with_its_packages() -> None:
    extras = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    listed = re.findall(r"`pip install (.+?)` \|$", text(ROOT / "docs" / "using.md"), re.MULTILINE)
    expected = [shlex.join(packages) for name, packages in extras.items() if name != "dev"]
    assert sorted(shlex.join(shlex.split(packages)) for packages in listed) == sorted(expected)


@pytest.mark.parametrize(("page", "app", "overrides"), commands())
def test_a_command_composes(page: str, app: str, overrides: list[str]) -> None:
    assert composed(app, *overrides)


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_no_page_names_a_distribution_that_nobody_published(path: Path) -> None:
    assert not re.search(r"pip install\b[^`\n]*infowar.lab|infowar-lab\[", text(path))


def test_many_commands_are_tried() -> None:
    assert {app for _, app, _ in commands()} == APPS


def test_posts_hold_no_text() -> None:
    kinds = {column.dtype.kind for column in make_drafts(1)} | {np.dtype(np.bool_).kind}
    assert kinds <= set("biuf")


def imports(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def searchers(source: str) -> list[str]:
    return [
        name for name in sorted(imports(source)) for tool in SEARCHERS if name == tool or name.startswith(f"{tool}.")
    ]


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_searches_for_the_best_attack(path: Path) -> None:
    allowed = ["optuna"] if path.relative_to(ROOT).as_posix() == CALIBRATION else []
    assert {name.partition(".")[0] for name in searchers(text(path))} == set(allowed)


def test_only_the_calibration_of_people_and_platform_reaches_the_search() -> None:
    name = CALIBRATION.removesuffix(".py").replace("/", ".")
    users = {path.relative_to(ROOT).as_posix() for path in CODE if name in imports(text(path))}
    assert users == {"experiments/calibrate.py", "experiments/calibration/calibration.py"}
    inner = "experiments.calibration.calibration"
    further = {path.relative_to(ROOT).as_posix() for path in CODE if inner in imports(text(path))}
    assert further == {"experiments/calibrate.py", "experiments/report/calibrate.py"}


@pytest.mark.parametrize(
    "source", ["from scipy import optimize", "import optuna", "from scipy.optimize import minimize"]
)
def test_a_search_would_be_found(source: str) -> None:
    assert searchers(source)
