"""Army against committee: what budgets buy, whom they aim at, and where curves cross."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import contest
from experiments.analysis.contests import compute_gaps, find_crossing, summarise_curves
from experiments.experiment import start
from experiments.report.contest import format_caption, format_headline
from sim.actors.committee import Brigade, Committee
from sim.errors import InputError
from sim.world import World
from tests.looks import common_look
from tests.playing import list_jobs
from tests.test_conf import composed

SMALL = ["population.size=150", "ticks=60", "campaign.start=10", "contest.breadths=[1,3]", "workers=1", "seeds=2"]


def asked(*overrides: str):
    config = composed("contest", *SMALL, *overrides)
    OmegaConf.resolve(config)
    return config


def bout(*overrides: str) -> contest.ContestJob:
    config = asked(*overrides)
    return list_jobs(contest.Contest, config)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("contest") / "result"
    argv, sys.argv = sys.argv, ["contest", *SMALL, f"out={out}"]
    try:
        start(contest.Contest)
    finally:
        sys.argv = argv
    return out


def test_every_hand_is_played_at_every_breadth(folder: Path):
    table = pd.read_parquet(folder / "contest.parquet")
    assert set(zip(table["organisation"], table["breadth"], strict=True)) == {
        (hand, breadth) for hand in ("army", "committee", "committees") for breadth in (1, 3)
    }
    assert len(table) == 12
    one = table[table["organisation"] == "committee"].pivot(index="seed", columns="breadth", values="written")
    assert (one[1] == one[3]).all(), "one committee is one world, whatever the breadth"
    before = table.pivot_table(index=["seed", "breadth"], columns="organisation", values="posts_before")
    assert (before.nunique(axis=1) == 1).all(), "all hands are compared with the same world"
    assert table[["flagged", "suspended"]].stack().between(0, 1).all()
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 2


def test_equal_budgets_buy_what_they_can():
    made = list(contest.make_organisations(bout(), (4, 5, 6)))
    costs = {
        (hand, breadth): sum(force.members * force.cost for force in forces)  # type: ignore[attr-defined]
        for hand, breadth, forces in made
    }
    assert costs["army", 1] + 4.0 + 1.0 == costs["committee", 1] == 10.0
    assert costs["committees", 3] == pytest.approx(9.6)
    victims = {(hand, b): [f.operations[0].victims for f in forces] for hand, b, forces in made}  # type: ignore[attr-defined]
    assert victims["army", 3] == [(4, 5, 6)]
    assert victims["committee", 1] == [(4,)]
    assert victims["committees", 3] == [(4,), (5,), (6,)]


def test_the_configuration_says_what_the_rules_say():
    given = asked().contest
    for kind, fields in ((Brigade, given.brigade), (Committee, given.committee)):
        assert all(getattr(kind(), name) == value for name, value in fields.items())


def test_a_silent_hand_takes_nothing():
    nobody = bout("contest.brigade.quota=0", "contest.committee.quota=0")
    rows, _ = contest.Contest.simulate(nobody)
    assert {row["posts"] for row in rows} == {0}
    assert {row["impressions"] for row in rows} == {0}


def test_rivals_are_loud_dissenters():
    world = World(bout().setting, rng=1)
    rivals = contest.find_loudest(world, 3)
    assert (world.accounts.cohort[[*rivals]] == 1).all()
    with pytest.raises(InputError, match="999 rivals are needed, but"):
        contest.find_loudest(world, 999)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("contest.budget=0", "contest.budget=0 must be a number above 0"),
        (
            "contest.breadths=3",
            "contest.breadths=3 must be a rising list of one or more, each item a whole number from 1, as in [1,2,4]",
        ),
        ("contest.tactics=abuse", "contest.tactics=abuse must be a list of one or more, each item "),
        (
            "contest.breadths=[2,1]",
            "contest.breadths=[2, 1] must be a rising list of one or more, each item a whole number from 1",
        ),
        ("contest.tactics=[smeer]", "contest.tactics has smeer, which is unknown: did you mean smear?"),
        ("ticks=9", "ticks=9 ends before the operations begin: say ticks=154 or more"),
        ("scenario=committee_smear", "two forces have name=committee, so the same accounts: "),
    ],
)
def test_mistakes_are_one_line(override: str, said: str):
    with pytest.raises(InputError) as error:
        bout(override)
    assert str(error.value).startswith(said)


def table(army: list[float], committee: list[float]) -> pd.DataFrame:
    noise = np.random.default_rng(1)
    return pd.DataFrame(
        {"seed": seed, "organisation": hand, "breadth": 2**k, "posts": value + noise.normal(0, 0.1),
         **dict.fromkeys(("impressions", "flagged", "suspended", "written", "flagged_people"), 0), "members": 1}
        for seed in range(4)
        for hand, line in (("army", army), ("committee", committee), ("committees", committee))
        for k, value in enumerate(line)
    )  # fmt: skip


def test_where_curves_cross():
    crossed = table([1.0, 3.0, 9.0], [3.0, 3.5, 4.0])
    even = find_crossing(compute_gaps(crossed, "army", "committee", "posts"))
    assert 2.0 < even < 4.0
    said = f"For the same money a brigade and one committee silence as much at {even:.1f} rivals; "
    said += "at 4 the brigade silences "
    assert format_headline(crossed).startswith(f"{said}5.0 (95% interval 4.9 to 5.2) more posts, and ")
    never = table([5.0, 6.0, 7.0], [3.0, 3.0, 3.0])
    assert np.isnan(find_crossing(compute_gaps(never, "army", "committee", "posts")))
    assert format_headline(never) == (
        "For the same money a brigade silences more on average, and the curves do not cross; at 4 the brigade silences "
        "4.0 (95% interval 3.9 to 4.2) more posts, and the interval of the difference excludes 0 at 1, 2, 4 rivals."
    )
    assert "excludes 0 at no number of rivals" in format_headline(table([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]))
    assert len(summarise_curves(crossed)) == 3 * 3 * 7
    assert "of one committee cross" in format_caption(crossed)
    assert "no curve of posts overtakes" in format_caption(never)
    assert "pays nobody" not in format_caption(never)
    broke = never.assign(members=(never["breadth"] < 4).astype(int))
    assert "At 4 rivals an organisation" in format_caption(broke)
