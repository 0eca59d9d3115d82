"""A user's mistakes in building a world, told in one line with the cure; and odd but lawful worlds, which just run."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.actors.committee import Committee
from sim.campaigns import Campaign, Operation
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from sim.people.networks import PreferentialAttachment, SocialNetwork
from sim.people.population import Population
from sim.setting import Setting
from sim.state.accounts import F64
from sim.state.graph import from_edges
from sim.state.records import OUTCOMES
from sim.world import World
from tests.worlds import HOURS, LIVELY, START, lively, played

MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "an unknown tactic": (
        lambda: Campaign(tactics=("flod", "abuse")),
        "Campaign.tactics has 'flod', which is unknown: did you mean flood?",
    ),
    "a word in place of a list": (
        lambda: Campaign(tactics="flood"),  # type: ignore[arg-type]
        "Campaign.tactics='flood' must be a list, such as [flood]",
    ),
    "a tactic twice": (
        lambda: Campaign(tactics=("flood", "abuse", "flood")),
        "Campaign.tactics=['flood', 'abuse', 'flood'] names flood twice: name each once",
    ),
    "an unknown principal": (
        lambda: Campaign(principal="king"),
        "Campaign.principal='king' is unknown: choose one of: "
        "businessman, company, institution, party, public_figure, state",
    ),
    "an unknown effort": (
        lambda: Campaign(effort="equall"),
        "Campaign.effort='equall' is unknown: did you mean equal?",
    ),
    "more than everybody has a side": (
        lambda: Population(dissent_share=0.6, loyal_share=0.5),
        "Population.dissent_share + loyal_share = 1.1 is more than 1: lower one of them",
    ),
    "more than everybody reacts": (
        lambda: Population(withdraw_share=0.75, fight_share=0.5),
        "Population.withdraw_share + fight_share = 1.25 is more than 1: lower one of them",
    ),
    "nobody": (lambda: Population(size=0), "Population.size=0 must lie in [1, 1e+08] (people)"),
    "too few people for the graph": (
        lambda: World(replace(LIVELY, graph=PreferentialAttachment(links=300)), rng=1),
        "graph.links=300 needs a population above 300, not 200: "
        "set graph.links=199 or less, or a larger population.size",
    ),
    "a file that is not named": (
        lambda: World(replace(LIVELY, graph=GraphFile()), rng=1),
        "graph=file needs a file: set graph.path=FILE (a table of ties, GraphML, GEXF, GML, Pajek, JSON, DIMACS or "
        "METIS)",
    ),
    "a seed below nothing": (
        lambda: World(LIVELY, rng=-1),
        "seed=-1 must be a whole number of at least 0, such as seed=42",
    ),
    "a victim that does not exist": (
        lambda: World(lively(campaign={"victims": (3, 200)}), rng=1),
        "Campaign.victims has 200, but the people are accounts 0 to 199: name some of these",
    ),
    "a victim before the first": (
        lambda: World(lively(campaign={"victims": (-1,)}), rng=1),
        "Campaign.victims has -1, but the people are accounts 0 to 199: name some of these",
    ),
    "a victim by name": (
        lambda: World(lively(campaign={"victims": ("everybody",)}), rng=1),
        "Campaign.victims has 'everybody', but the people are accounts 0 to 199: name some of these",
    ),
    "an operation's victim that does not exist": (
        lambda: World(replace(LIVELY, forces=(Committee(operations=(Operation(victims=(200,)),)),)), rng=1),
        "Operation.victims has 200, but the people are accounts 0 to 199: name some of these",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_the_cure(mistake: str) -> None:
    build, line = MISTAKES[mistake]
    with pytest.raises(InputError) as caught:
        build()
    assert str(caught.value) == line
    assert "\n" not in line


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
def test_shares_may_add_up_to_one(weights: tuple[float, float]) -> None:
    assert Population(dissent_share=weights[0], loyal_share=weights[1]).dissent_share == weights[0]


# ---- odd but lawful


@dataclass(frozen=True)
class Strangers:
    """A graph rule in which nobody follows anybody."""

    def size(self, default: int) -> int:
        return default

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        nobody = np.zeros(0, np.int32)
        return SocialNetwork(from_edges(nobody, nobody, size), stance, np.zeros(size, np.int32), ())


ODD: dict[str, Setting] = {
    "one person": lively(population={"size": 1}),
    "two people": lively(population={"size": 2}),
    "one person alone": lively(population={"size": 1}, army={"size": 0}, extremists={"size": 0}),
    "strangers": replace(LIVELY, graph=Strangers()),
    "strangers, and none to be met": replace(lively(attention={"search": 0, "trends": 0}), graph=Strangers()),
    "no dissenters": lively(population={"dissent_share": 0.0, "stance_spread": 0.0}),
    "nobody with an opinion": lively(population={"dissent_share": 0.0, "loyal_share": 0.0, "stance_spread": 0.0}),
    "no extremists": lively(extremists={"size": 0}),
    "no army": lively(army={"size": 0}),
    "an army of one": lively(army={"size": 1}),
    "nothing to do": lively(campaign={"tactics": ()}),
    "nobody to abuse": lively(campaign={"targets": 0, "tactics": ("abuse",)}),
    "a campaign of no hours": lively(campaign={"hours": 0}),
    "a campaign from the start": lively(campaign={"start": 0}),
    "a campaign after the end": lively(campaign={"start": 10_000}),
    "nobody comes": lively(population={"sessions_per_day": 0.0}),
    "nobody says anything": lively(population={"intentions_per_session": 0.0}),
    "nobody cares": lively(population={"interest": 0.0}),
    "no moderators": lively(moderation={"capacity": 0}),
    "nothing trends": lively(trending={"slots": 0}),
    "two topics": lively(expression={"topics": 2}),
    "an attention of one": lively(attention={"items": 1}),
    "everybody leaves": lively(reaction={"leave": 1.0, "leave_decline": 0.0}),
    "followed by all": lively(army={"followers": 1e9}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_world_runs_past_the_end_of_its_campaign(name: str) -> None:
    """Without a warning (pytest turns them into errors), and with the accounts balanced."""
    history = played(ODD[name], START + HOURS + 60).history
    assert len(history) == START + HOURS + 60
    assert (history["opportunities"] == history[list(OUTCOMES)].sum(axis=1)).all()
    counts = history.drop(columns=["dissent_visibility", "mean_fear", "true_support"])
    assert np.isfinite(counts.to_numpy(float)).all()


def test_what_can_not_be_said_of_odd_worlds_is_nan() -> None:
    assert played(ODD["nobody comes"], 30).history[["dissent_visibility", "mean_fear"]].isna().all(axis=None)
    assert played(ODD["nobody with an opinion"], 30).history["true_support"].isna().all()
    assert (played(ODD["no dissenters"], START + HOURS).history["opportunities"] == 0).all()
    assert played(ODD["one person alone"], 30).history["reads"].sum() == 0


def test_a_world_without_ticks_has_no_history() -> None:
    world = World(LIVELY, rng=1)
    assert world.run(0).empty
    assert world.now == 0


def test_the_end_of_a_campaign_is_the_end_of_its_posts() -> None:
    world = played(LIVELY, START + HOURS + 60)
    assert world.history["army_posts"].iloc[START + HOURS + 48 :].sum() == 0
    assert world.history["army_posts"].sum() > 100


def test_the_file_decides_how_many_people_there_are(tmp_path: Path) -> None:
    path = tmp_path / "ring.edges.gz"
    path.write_bytes(gzip.compress("".join(f"{i} {(i + 1) % 40}\n" for i in range(40)).encode()))
    world = played(replace(LIVELY, graph=GraphFile(path=str(path))), 30)
    assert world.n_organic == 40
    assert (np.diff(world.graph.following_start)[:40] >= 1).all()
    assert any("40 nodes" in note for note in world.notes)


def test_progress_is_told_once_a_tick() -> None:
    told: list[int] = []
    World(LIVELY, rng=1).run(5, told.append)
    assert told == [1] * 5
