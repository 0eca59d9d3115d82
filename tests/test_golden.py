"""A golden run: one small world, every parameter written out in a frozen file, against the measures it once gave.

After a change that is meant to change results, renew the file and say why in the commit:

    python -m tests.test_golden
"""

import json
import math
import sys
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.activity import Activity
from sim.people.attention import Attention
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.setting import Setting
from sim.world import World
from tests.conftest import ROOT
from tests.worlds import LACKING, LIVELY

FILE = ROOT / "tests" / "golden" / "small.json"
RENEW = "if that is meant, renew it with: python -m tests.test_golden"
SEED, TICKS = 11, 100
RULES: dict[str, type] = {
    "population": Population, "graph": CommunityGraph, "activity": Activity, "attention": Attention,
    "reaction": Reaction, "expression": Expression, "feed": Feed, "trending": Trending, "moderation": Moderation,
    "army": Army, "extremists": Extremists, "campaign": Campaign,
}  # fmt: skip


def setting(written: dict[str, dict[str, Any]]) -> Setting:
    return Setting(**{name: kind(**written[name]) for name, kind in RULES.items()})


def measures(history: pd.DataFrame) -> dict[str, list[Any]]:
    """Return every measure by tick as plain numbers, None where there is nothing to measure."""
    columns = {name: history[name].tolist() for name in history if name != "tick"}
    return {
        name: [None if isinstance(value, float) and math.isnan(value) else value for value in column]
        for name, column in columns.items()
    }


def golden() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def renew() -> None:
    """Write the file anew: the parameters it has, new ones at the value of `tests.worlds.LIVELY`."""
    former = golden()["setting"] if FILE.exists() else {}
    written = {}
    for name, kind in RULES.items():
        lively = asdict(getattr(LIVELY, name))
        written[name] = {f.name: former.get(name, {}).get(f.name, lively[f.name]) for f in fields(kind)}
    history = World(setting(written), rng=SEED).run(TICKS)
    content = {"seed": SEED, "ticks": TICKS, "setting": written, "measures": measures(history)}
    text = json.dumps(content, indent=1).replace(",\n   ", ", ").replace("[\n   ", "[").replace("\n  ]", "]")
    FILE.write_text(text + "\n", encoding="utf-8")


def test_the_golden_setting_is_written_out_in_full() -> None:
    """A default that is tuned, or a new parameter, can not change the golden run unnoticed."""
    written = golden()["setting"]
    assert {name: set(found) for name, found in written.items()} == {
        name: {f.name for f in fields(kind)} for name, kind in RULES.items()
    }, f"parameters came or went: {RENEW}"
    assert {f.name for f in fields(Setting)} == {*RULES, *LACKING}
    assert not Setting().forces


def test_the_golden_run_is_what_it_was() -> None:
    expected = golden()
    found = measures(World(setting(expected["setting"]), rng=expected["seed"]).run(expected["ticks"]))
    assert set(found) == set(expected["measures"]), f"measures came or went: {RENEW}"
    for name, column in expected["measures"].items():
        wrong = f"{name} differs from the golden run: {RENEW}"
        if all(isinstance(value, int) for value in column):
            assert found[name] == column, wrong
        else:
            np.testing.assert_allclose(
                np.array(found[name], float), np.array(column, float), rtol=1e-12, atol=0.0, err_msg=wrong
            )


def test_the_golden_run_has_something_to_show() -> None:
    totals = {name: sum(value or 0 for value in column) for name, column in golden()["measures"].items()}
    flat = [name for name, total in totals.items() if total == 0]
    assert set(flat) <= {"left", "persuaded"}
    assert len(set(golden()["measures"]["army_posts"])) > 10


if __name__ == "__main__":
    renew()
    print(f"renewed {FILE.relative_to(ROOT)}", file=sys.stderr)
