"""A name from before version 0.2 is answered with the new one."""

import re

import pytest

from experiments.app import compose_config
from experiments.settings import build_setting
from sim.errors import InputError, suggest
from sim.renamed import MODULES, NAMES, find_new_names
from tests.conftest import ROOT

TABLE = re.findall(
    r"^\| `([\w.*]+)` \| `([\w.*]+)` \|", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)
KEYS = {
    "reaction.direct=0.1": "reaction.direct is not a known key: its name is now reaction.direct_fear",
    "population.boldness=1": "population.boldness is not a known key: its name is now population.willingness",
    "trial.names=[prompt]": "trial.names is not a known key: its name is now comparison.names",
    "credibility.spill=0.1": "credibility.spill is now credibility.spillover, which is a key of another choice: add "
    "credibility=default",
    "attention.crowding=false": "attention.crowding is not a known key: its name is now attention.army_competes",
}


@pytest.mark.parametrize("word", KEYS)
def test_an_old_key_is_one_line_with_the_new_one(word: str) -> None:
    with pytest.raises(InputError) as error:
        compose_config("defences", [word])
    assert str(error.value) == KEYS[word]


def test_of_very_many_keys_the_nearest_are_named_in_a_short_line() -> None:
    line = r"^zzz\.names is not a known key: the nearest of \d+ are [\w, ]+; --help lists them$"
    with pytest.raises(InputError, match=line) as error:
        compose_config("defences", ["zzz.names=1"])
    assert len(str(error.value)) <= 300


def test_an_old_key_of_a_file_is_answered_too() -> None:
    config = compose_config("run", ["+extremists.content=0.1"])
    with pytest.raises(Exception, match="content is not a known key of Extremists") as error:
        build_setting(config)
    from experiments.config_errors import explain_construction

    line = "extremists.content is not a known key of Extremists: its name is now shocking_share"
    assert str(explain_construction(error.value)) == line  # type: ignore[arg-type]


def test_a_rule_whose_module_has_moved_is_answered_with_the_new_place() -> None:
    from experiments.config_errors import explain_construction

    config = compose_config("run", ["+morale._target_=sim.people.morale.Morale"])
    with pytest.raises(Exception, match="locating target") as error:
        build_setting(config)
    line = "_target_: sim.people.morale.Morale has moved: say sim.mechanisms.morale.Morale"
    assert str(explain_construction(error.value)) == line  # type: ignore[arg-type]
    assert all((ROOT / f"{new.replace('.', '/')}.py").exists() or "defences" in new for new in MODULES.values())
    assert set(MODULES.items()) <= set(TABLE)


def test_an_old_measure_is_answered_with_the_new_one() -> None:
    assert suggest("withheld_over", ["withheld_redundant", "withheld_joint"]) == "its name is now withheld_redundant"
    assert suggest("withheld_over", ["withheld_fear"]) == "did you mean withheld_fear?"
    assert suggest("zzz", map(str, range(100))).startswith("the nearest of 100 are ")
    assert find_new_names("forces.fans.rally", ["forces.fans.rally_hour", "rally_posts"]) == ["forces.fans.rally_hour"]


def test_the_changelog_has_every_old_name() -> None:
    told = {(old.rpartition(".")[2], new.rpartition(".")[2]) for old, new in TABLE}
    assert {(old, new) for old, several in NAMES.items() for new in several} <= told
