"""Keyed samples: the same people whoever else exists, and what Mesa's collector sees of them."""

from copy import deepcopy

import mesa
import numpy as np
import pytest

from sim.agents import OrganicUser, ThinAgent
from sim.errors import InputError
from sim.sampling import SampledWorld, sample
from sim.world import World
from tests.worlds import LIVELY, fingerprint, lively, played


@pytest.fixture
def world() -> World:
    return World(LIVELY, rng=5)


def test_a_sample_is_of_distinct_people_in_order(world: World):
    rows = sample(world, 30).rows
    assert len(rows) == 30
    assert (np.diff(rows) > 0).all()
    assert rows[-1] < world.n_organic


def test_a_share_is_rounded_down_and_a_number_is_at_most_so_many(world: World):
    sizes = {0: 0, 7: 7, 200: 200, 10**6: 200, 0.099: 19, 1.0: 200}
    assert {size: len(sample(world, size)) for size in sizes} == sizes
    assert len(sample(world, 1)) == 1


def test_larger_samples_hold_smaller_ones(world: World):
    few, many = sample(world, 20).rows, sample(world, 0.5).rows
    assert set(few) <= set(many)
    assert (few != many[:20]).any(), "the first rows are no random sample"


def test_organised_accounts_and_hours_do_not_change_who_is_drawn(world: World):
    alone = World(lively(army={"size": 0}, extremists={"size": 0}), rng=5)
    rows = sample(world, 50).rows
    world.run(30)
    np.testing.assert_array_equal(sample(alone, 50).rows, rows)
    np.testing.assert_array_equal(sample(world, 50).rows, rows)
    assert (sample(World(LIVELY, rng=6), 50).rows != rows).any()


def test_everybody_is_as_likely(world: World):
    drawn = np.zeros(200)
    for seed in range(200):
        world.seed = seed
        drawn[sample(world, 50).rows] += 1
    assert drawn.mean() == 50
    assert abs(drawn - 50).max() < 5 * np.sqrt(200 * 0.25 * 0.75)


@pytest.mark.parametrize("at_most", [-1, 1.5, -0.1, True, "all", None])
def test_another_size_is_one_line(world: World, at_most: object):
    with pytest.raises(InputError, match=r"^at_most=.* must be a whole number of people, or a share in"):
        sample(world, at_most)  # type: ignore[arg-type]


class Collecting(World):
    """What users of Mesa write."""

    def __init__(self, seen: float, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.seen = SampledWorld(self, seen) if seen else self
        self.datacollector = mesa.DataCollector(
            model_reporters={"people": "n_organic", "seen": lambda w: len(w.agents)},
            agent_reporters={"fear": "fear", "abuse": lambda agent: agent.abuse_received},
            agenttype_reporters={OrganicUser: {"opinion_climate": "opinion_climate"}},
        )

    def step(self) -> None:
        super().step()
        if self.now % 12 == 0:
            self.datacollector.collect(self.seen)


def test_agent_reporters_see_the_sample_alone_and_report_what_they_report_of_all(monkeypatch: pytest.MonkeyPatch):
    made: list[int] = []
    init = ThinAgent.__init__

    def counting(agent: ThinAgent, model: World, row: int) -> None:
        made.append(row)
        init(agent, model, row)

    monkeypatch.setattr(ThinAgent, "__init__", counting)
    everybody, few = Collecting(0, setting=LIVELY, rng=5), Collecting(25, setting=LIVELY, rng=5)
    everybody.run(36)
    assert len(made) == 3 * (len(everybody.role) + everybody.n_organic), "an object an account and collect"
    made.clear()
    few.run(36)
    assert set(made) == set(sample(few, 25).rows)
    assert len(made) == 2 * 3 * 25
    for frame in ("get_agent_vars_dataframe", "get_agenttype_vars_dataframe"):
        of = (OrganicUser,) if "type" in frame else ()
        whole, part = (getattr(world.datacollector, frame)(*of) for world in (everybody, few))
        assert len(part) == 3 * 25
        assert part.equals(whole.loc[part.index])
    assert few.datacollector.get_model_vars_dataframe().to_numpy().tolist() == [[200, 25]] * 3
    assert few.seen.agent_types == [OrganicUser]


def test_collecting_changes_nothing_and_a_copy_is_of_the_copy():
    world = Collecting(25, setting=LIVELY, rng=5)
    world.run(20)
    assert fingerprint(world) == fingerprint(played(LIVELY, 20))
    twin = deepcopy(world)
    assert twin.seen.world is twin
    assert twin.seen.agents[0].model is twin


class Loud(OrganicUser):
    def react(self, seen, usual):
        return usual


def test_people_of_ones_own_type_are_people() -> None:
    world, plain = World(LIVELY, rng=5), World(LIVELY, rng=5)
    world.set_agent_class(Loud, range(0, world.n_organic, 2))
    assert sample(world, 30).rows.tolist() == sample(plain, 30).rows.tolist()
    by_type = SampledWorld(world, 30).agents_by_type
    assert list(by_type) == [OrganicUser, Loud]
    assert sum(len(group) for group in by_type.values()) == 30
    assert all(row % 2 == 0 for row in by_type[Loud].rows)
