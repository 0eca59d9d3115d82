"""The list of mutants is whole: each still fits the code, and each names tests that are there."""

from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.mutants import Mutant, find_dependents, load_mutants

MUTANTS = load_mutants()
#: Where mistakes must be tried, and at least how many.
ROOMS = {
    "sim/people": 10, "sim/platform": 5, "sim/actors": 10, "sim/mechanisms": 5, "sim/observers": 4,
    "experiments/analysis": 10, "experiments/facts": 10, "experiments/detection": 5,
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mistake_fits_the_code_and_names_its_tests(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, (
        f"make this mistake anew in tests/mutants.yaml: `old` must stand once in {mutant.file}"
    )
    compile(text.replace(mutant.old, mutant.new), mutant.file, "exec")
    assert mutant.old != mutant.new
    for test in mutant.tests:
        file, *names = test.split("::")
        assert file != "tests/test_golden.py", "a law must catch it"
        known = (ROOT / file).read_text(encoding="utf-8")
        assert all(f"def {name}(" in known or f"class {name}" in known for name in names), test


def test_mistakes_are_made_everywhere_and_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    made = Counter(room for mutant in MUTANTS for room in ROOMS if mutant.file.startswith(room + "/"))
    assert {room: made[room] for room in ROOMS if made[room] < ROOMS[room]} == {}


def test_kernels_of_every_file_that_a_mistake_can_reach_are_compiled_again() -> None:
    reached = find_dependents(Path("sim/platform/trending.py"))
    assert {Path(f"sim/{name}.py") for name in ("platform/trending", "setting", "tick", "world")} <= reached
    assert Path("sim/people/reaction.py") not in reached
    assert len(find_dependents(Path("sim/rng.py"))) > 40
