"""The Mesa views: they agree with plain Mesa agents, share the columns, and cost nothing until asked."""

import copy
import gc
import math
import pickle
import weakref
from random import Random
from types import SimpleNamespace

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from sim.agents import (
    ROLES,
    WRITABLE,
    AccountSet,
    ColumnModel,
    ExtremistPropagandist,
    OrganicUser,
    ThinAgent,
    TrollArmyMember,
    parse_seed,
)
from sim.errors import InputError
from sim.state import accounts as columns
from sim.state import truth
from sim.state.graph import from_edges

N = 60
ATTRIBUTES = ("fear", "opinion_climate", "reaction", "cohort", "voiced", "has_left", "key")


class Columns(ColumnModel):
    """A world of columns and nothing else; a step raises everybody's fear by one eighth."""

    def __init__(self, n=N, rng=7):
        super().__init__(rng=rng)
        draw = np.random.default_rng(self.seed)
        self.accounts = columns.make_blank_accounts(n)
        for name in ("fear", "opinion_climate"):
            getattr(self.accounts, name)[:] = draw.integers(0, 5, n) / 8
        for name, high in (("reaction", 3), ("cohort", 4), ("voiced", 9), ("has_left", 2), ("key", 2**60)):
            getattr(self.accounts, name)[:] = draw.integers(0, high, n)
        self.role = np.zeros(n, np.int8)
        self.role[2 * n // 3 :], self.role[5 * n // 6 :] = truth.TROLL, truth.EXTREMIST
        self.role[-5:] = truth.COMMITTEE, truth.SLEEPER, truth.FAN, truth.NEWSBOT, truth.VOLUNTEER
        self.graph = from_edges(np.array([3, 0, 3]), np.array([1, 3, 0]), n)

    def step(self):
        self.accounts.fear[:] += 1 / 8


class PlainUser(mesa.Agent):
    pass


class PlainTroll(mesa.Agent):
    pass


class PlainExtremist(mesa.Agent):
    pass


class PlainCommittee(mesa.Agent):
    pass


class PlainSleeper(mesa.Agent):
    pass


class PlainFan(mesa.Agent):
    pass


class PlainNewsBot(mesa.Agent):
    pass


class PlainVolunteer(mesa.Agent):
    pass


PLAIN = (
    PlainUser,
    PlainTroll,
    PlainExtremist,
    PlainCommittee,
    PlainSleeper,
    PlainFan,
    PlainNewsBot,
    PlainVolunteer,
)


class Plain(mesa.Model):
    """The same accounts as ordinary Mesa agents with attributes: the oracle."""

    def __init__(self, twin):
        super().__init__(rng=twin.seed)
        for row, code in enumerate(twin.role):
            agent = PLAIN[code](self)
            for name in ATTRIBUTES:
                setattr(agent, name, getattr(twin.accounts, name)[row].item())

    def step(self):
        for agent in self.agents:
            agent.fear += 1 / 8


@pytest.fixture
def world():
    return Columns()


@pytest.fixture
def plain(world):
    return Plain(world)


@pytest.fixture
def made(monkeypatch):
    """Count the views that are made."""
    count, init = [0], ThinAgent.__init__

    def counting(self, model, row):
        count[0] += 1
        init(self, model, row)

    monkeypatch.setattr(ThinAgent, "__init__", counting)
    return count


def ids(agents):
    return [agent.unique_id for agent in agents]


def scared(agent):
    return agent.fear > 0.2


def doubt(agent):
    return agent.fear * 2 + agent.opinion_climate


# ---- agreement with plain Mesa


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("code", [None, 0, 1, 2, "Agent"])
@pytest.mark.parametrize("at_most", [math.inf, 0, 1, 7, 10**9, -3, 2.5, 0.0, 0.25, 1.0, -0.1])
@pytest.mark.parametrize("condition", [None, scared])
def test_select_agrees_with_mesa(world, plain, condition, at_most, code, inplace):
    kinds = {None: (None, None), "Agent": (mesa.Agent, mesa.Agent)}
    ours, theirs = kinds.get(code) or (ROLES[code], PLAIN[code])
    mine, base = world.agents, plain.agents.select()
    selected = mine.select(condition, at_most, inplace, ours)
    assert ids(selected) == ids(base.select(condition, at_most, inplace, theirs))
    assert (selected is mine) == inplace
    assert len(mine) == (len(selected) if inplace else N)
    assert len(world.agents) == N


@pytest.mark.parametrize("name", [*ATTRIBUTES, "unique_id"])
@pytest.mark.parametrize("func", [sum, min, max, len, np.mean, np.max, np.sum, np.std, np.median])
def test_agg_agrees_with_mesa(world, plain, name, func):
    expected = plain.agents.agg(name, func)
    assert world.agents.agg(name, func) == expected
    assert type(world.agents.agg(name, func)) is type(expected)
    assert world.agents.agg(name, [func, len]) == [expected, N]


def test_agg_gives_own_functions_a_list(world, plain):
    def middle(values):
        return sorted(values)[len(values) // 2] if values else None

    assert world.agents.agg("fear", middle) == plain.agents.agg("fear", middle)
    assert world.agents.select(at_most=0).agg("fear", middle) is None


@pytest.mark.parametrize("names", [*ATTRIBUTES, "unique_id", ["fear", "reaction"], ["key"], []])
def test_get_agrees_with_mesa_to_the_type(world, plain, names):
    mine, theirs = world.agents.get(names), plain.agents.get(names)
    assert mine == theirs
    assert repr(mine) == repr(theirs)


def test_get_of_what_is_missing(world, plain):
    for agents in (world.agents, plain.agents):
        assert agents.get("wealth", handle_missing="default", default_value=3) == [3] * N
        assert agents.get(["wealth", "has_left"], "default")[0] == [None, agents.get("has_left")[0]]
        with pytest.raises(AttributeError, match="wealth"):
            agents.get("wealth")
        with pytest.raises(ValueError, match="Unknown handle_missing option: maybe"):
            agents.get("fear", handle_missing="maybe")


def test_set_agrees_with_mesa(world, plain):
    for agents in (world.agents, plain.agents):
        some = agents.select(scared)
        assert some.set("opinion_climate", 0.375) is some
    assert world.agents.get("opinion_climate") == plain.agents.get("opinion_climate")


@pytest.mark.parametrize("by", ["reaction", "cohort", "fear", "has_left", scared])
def test_groupby_agrees_with_mesa(world, plain, by):
    mine, theirs = world.agents.groupby(by), plain.agents.groupby(by)
    assert list(mine.count().items()) == list(theirs.count().items())
    assert len(mine) == len(theirs)
    assert [(name, ids(group)) for name, group in mine] == [(name, ids(group)) for name, group in theirs]
    assert mine.agg("voiced", sum) == theirs.agg("voiced", sum)
    assert mine.map(len) == theirs.map(len)
    assert mine.map("get", "fear") == theirs.map("get", "fear")
    lists = world.agents.groupby(by, result_type="list")
    assert {name: ids(group) for name, group in lists} == {name: ids(group) for name, group in theirs}
    assert lists.agg("voiced", sum) == theirs.agg("voiced", sum)


@pytest.mark.parametrize("key", ["fear", "reaction", "key", "unique_id", "model.steps", doubt])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("inplace", [False, True])
def test_sort_agrees_with_mesa_ties_included(world, plain, key, ascending, inplace):
    mine = world.agents
    result = mine.sort(key, ascending, inplace)
    assert ids(result) == ids(plain.agents.select().sort(key, ascending, inplace))
    assert (result is mine) == inplace


def test_shuffle_and_its_chance_agree_with_mesa(world, plain):
    for inplace in (False, True):
        mine = world.agents
        shuffled = mine.shuffle(inplace)
        assert ids(shuffled) == ids(plain.agents.select().shuffle(inplace)) != ids(world.agents)
        assert (shuffled is mine) == inplace
    seen: tuple[list[int], list[int]] = [], []
    for agents, order in zip((world.agents, plain.agents), seen, strict=True):
        assert agents.shuffle_do(lambda agent, to: to.append(agent.unique_id), order) is agents
    assert seen[0] == seen[1]
    assert ids(world.agents) == list(range(1, N + 1))


def test_map_and_do_agree_with_mesa(world, plain):
    def frighten(agent, by, least=0.0):
        agent.fear = min(1.0, max(agent.fear + by, least))
        return agent.fear

    results = [agents.map(frighten, 0.25, least=0.5) for agents in (world.agents, plain.agents)]
    assert results[0] == results[1] == world.agents.get("fear")
    for agents in (world.agents, plain.agents):
        assert agents.do(frighten, -0.125) is agents
    assert world.agents.get("fear") == plain.agents.get("fear")
    assert world.agents.map("__hash__") == [hash(agent) for agent in world.agents]
    shown: list[None] = []
    world.agents.select(at_most=2).do(shown.append)
    assert shown == world.agents[:2]


def test_types_agree_with_mesa(world, plain):
    assert [PLAIN[ROLES.index(kind)] for kind in world.agent_types] == plain.agent_types
    assert list(world.agents_by_type) == world.agent_types
    for ours, theirs in zip(ROLES, PLAIN, strict=True):
        assert ids(world.agents_by_type[ours]) == ids(plain.agents_by_type[theirs])
        assert {type(agent) for agent in world.agents_by_type[ours]} == {ours}
    world.role[:] = truth.TROLL
    assert world.agent_types == list(world.agents_by_type) == [TrollArmyMember]


def test_roles_stand_at_their_codes():
    assert ROLES[truth.ORGANIC] is OrganicUser
    assert ROLES[truth.TROLL] is TrollArmyMember
    assert ROLES[truth.EXTREMIST] is ExtremistPropagandist
    assert len(ROLES) == len(truth.ROLES)


# ---- the set as a set and as a sequence


def test_membership_and_position(world):
    trolls, organic = world.agents_by_type[TrollArmyMember], world.agents_by_type[OrganicUser]
    assert isinstance(trolls, AgentSet)
    assert trolls[0] in trolls
    assert trolls[0] not in organic
    assert trolls[0] in world.agents
    assert "troll" not in trolls
    assert Columns().agents[0] not in world.agents
    assert world.agents[-1].unique_id == N
    assert world.agents[np.int64(2)].row == 2
    assert ids(world.agents[1:6:2]) == [2, 4, 6]
    assert world.agents.index(trolls[0]) == 40
    assert ids(reversed(world.agents[:2])) == [2, 1]
    assert world.agents.to_list() == list(world.agents)
    assert "60 accounts" in repr(world.agents)
    with pytest.raises(IndexError):
        world.agents[N]
    with pytest.raises(TypeError):
        world.agents["fear"]


def test_set_algebra(world):
    trolls = world.agents_by_type[TrollArmyMember]
    bold = world.agents.select(lambda agent: agent.reaction == columns.FIGHT)
    rows, other = set(trolls.rows.tolist()), set(bold.rows.tolist())
    assert set((trolls & bold).rows) == rows & other
    assert set((trolls | bold).rows) == rows | other
    assert set((trolls - bold).rows) == rows - other
    assert set((trolls ^ bold).rows) == rows ^ other
    assert trolls == world.agents.select(agent_type=TrollArmyMember)
    assert trolls != bold
    assert trolls < world.agents
    assert trolls.isdisjoint(world.agents_by_type[OrganicUser])
    with pytest.raises(InputError, match="not an account of this world"):
        trolls | Columns().agents


def test_changing_a_set_changes_no_world(world):
    some = world.agents.select(at_most=3)
    first, outside = some[0], world.agents[9]
    some.discard(first)
    some.discard(first)
    some.add(outside)
    some.add(outside)
    assert ids(some) == [2, 3, 10]
    assert outside in some
    assert first not in some
    with pytest.raises(KeyError):
        some.remove(first)
    some.remove(outside)
    assert ids(some) == [2, 3]
    assert len(world.agents) == N


def test_copies_are_independent(world):
    some = world.agents.select(at_most=3)
    for twin in (some.copy(), copy.copy(some), some.select()):
        assert twin == some
        assert twin is not some
        twin.discard(twin[0])
        assert len(some) == 3


def test_a_set_keeps_its_own_generator(world):
    some = AccountSet(world, [4, 2, 8, 1], Random(5))
    assert some.select(at_most=2).random is some.random is not world.random
    assert world.agents.random is world.random


# ---- views


@pytest.mark.parametrize("name", columns.Accounts._fields)
def test_every_column_reads_as_a_python_scalar(world, name):
    column = getattr(world.accounts, name)
    value = getattr(world.agents[5], name)
    assert type(value) is type(column[5].item())
    assert value == column[5]


@pytest.mark.parametrize("name", sorted(WRITABLE))
def test_view_and_column_share_their_state(world, name):
    column = getattr(world.accounts, name)
    agent, twin = world.agents[5], world.agents[5]
    before = column.copy()
    value = not column[5] if column.dtype == bool else 1
    setattr(agent, name, value)
    assert getattr(twin, name) == column[5] == value
    assert np.array_equal(np.delete(column, 5), np.delete(before, 5))
    column[5] = 0
    assert agent.fear == world.accounts.fear[5]
    assert getattr(agent, name) == 0


def test_views_follow_columns_that_are_replaced(world):
    agent, agents = world.agents[5], world.agents
    world.accounts = world.accounts._replace(fear=np.full(N, 0.875))
    assert agent.fear == 0.875
    assert agents.agg("fear", min) == 0.875


@pytest.mark.parametrize("name", [*sorted(set(columns.Accounts._fields) - set(WRITABLE)), "unique_id", "cohort_name"])
def test_identity_and_bookkeeping_are_read_only(world, name):
    before = world.agents.get(name)
    for write in (lambda: setattr(world.agents[5], name, 0), lambda: world.agents.set(name, 0)):
        with pytest.raises(InputError, match=f"^{name} is set by the simulation and can only be read; .*"):
            write()
    assert world.agents.get(name) == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("fear", 1.5, r"^fear=1.5 must be a number in \[0, 1\]$"),
        ("fear", math.nan, "^fear=nan must be a number"),
        ("fear", "0.5", "^fear='0.5' must be a number"),
        ("fear", None, "^fear=None must be a number"),
        ("fear", [0.5], "must be a number"),
        ("willingness", math.inf, "^willingness=inf must be a number"),
        ("willingness", 10**400, "must be a number"),
        ("stance_principal", -2, r"must be a number in \[-1, 1\]"),
        ("reaction", 3, r"^reaction=3 must be a whole number in \[0, 2\]$"),
        ("reaction", 0.5, "^reaction=0.5 must be a whole number"),
        ("has_left", 0.5, r"^has_left=0.5 must be true or false, in \[0, 1\]$"),
        ("suspended_until", -1, "must be a whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(world, name, value, message):
    before = world.agents.get(name)
    for write in (lambda: setattr(world.agents[5], name, value), lambda: world.agents.set(name, value)):
        with pytest.raises(InputError, match=message) as caught:
            write()
        assert "\n" not in str(caught.value)
    assert world.agents.get(name) == before


def test_numpy_scalars_fit(world):
    agent = world.agents[0]
    agent.fear, agent.has_left, agent.reaction = np.float32(0.5), np.bool_(True), np.int16(2)
    assert (agent.fear, agent.has_left, agent.reaction, agent.reaction_name) == (0.5, True, 2, "fight")


def test_a_view_keeps_nothing_of_its_own(world):
    agent = world.agents[0]
    with pytest.raises(AttributeError, match="OrganicUser is a view and cannot keep 'feer': did you mean fear"):
        agent.feer = 0.5
    for name in ("pos", "model", "step"):
        with pytest.raises(AttributeError, match=f"cannot keep '{name}'"):
            setattr(agent, name, None)
    with pytest.raises(AttributeError, match="feer"):
        agent.feer  # noqa: B018
    assert agent.pos is None
    assert agent.model is world
    assert agent.random is world.random
    assert agent.rng is world.rng


def test_equality_and_hash_go_by_model_and_row(world):
    agent = world.agents[5]
    assert agent == world.agents[5]
    assert agent is not world.agents[5]
    assert hash(agent) == hash(world.agents[5])
    assert len({agent, world.agents[5]}) == 1
    assert agent != world.agents[6]
    assert agent != Columns().agents[5]
    assert agent != 5
    assert (agent.row, agent.unique_id) == (5, 6)


def test_names_follow_the_codes(world):
    for agent in world.agents:
        assert agent.reaction_name == columns.REACTIONS[agent.reaction]
        assert agent.cohort_name == columns.COHORTS[agent.cohort]
    counts = world.agents.groupby("cohort_name").count()
    assert counts == {columns.COHORTS[code]: n for code, n in world.agents.groupby("cohort").count().items()}


def test_neighbours(world):
    assert ids(world.agents[3].following) == [1, 2]
    assert ids(world.agents[3].followers) == [1]
    assert len(world.agents[7].following) == 0
    assert world.agents[3].following.agg("fear", sum) == world.accounts.fear[:2].sum()


def test_repr_says_who(world):
    world.agents[0].fear = 0.25
    first = world.agents[0]
    assert repr(first) == (
        f"OrganicUser(unique_id=1, cohort={first.cohort_name!r}, reaction={first.reaction_name!r}, fear=0.25)"
    )
    assert repr(world.agents[-1]) == "Volunteer(unique_id=60)"


def test_a_subclass_in_roles_is_used(world):
    class Pupil(OrganicUser):
        @property
        def courage(self):
            return 1 - self.fear

        @property
        def opinion_climate(self):
            return -1.0

        def calm(self, to):
            self.fear = to

    world.roles = (Pupil, *ROLES[1:])
    pupils = world.agents_by_type[Pupil]
    assert world.agent_types[0] is Pupil
    assert len(pupils) == 40
    assert pupils.get("courage") == [1 - fear for fear in pupils.get("fear")]
    assert world.agents.get("opinion_climate")[:40] == [-1.0] * 40
    assert pupils.agg("opinion_climate", np.mean) == -1
    pupils.shuffle_do("calm", 0.5)
    assert set(pupils.get("fear")) == {0.5}
    assert len(world.agents.select(agent_type=OrganicUser)) == 40


# ---- cost


def test_a_million_rows_make_no_view_until_asked(made):
    world = Columns(10**6)
    agents = world.agents
    assert len(agents) == 10**6
    assert set(world.agents_by_type) == set(ROLES)
    half = agents.select(agent_type=OrganicUser, at_most=0.5).set("fear", 0.5)
    assert half.agg("fear", [np.mean, max]) == [0.5, 0.5]
    assert agents.select(at_most=10**5).get(["fear", "reaction_name"])[0][0] == 0.5
    assert sum(agents.groupby("cohort").agg("fear", len).values()) == 10**6
    assert len(agents.shuffle().sort("has_left")) == 10**6
    assert made == [0]
    assert agents[123].row == 123
    assert agents[5] in half
    assert made == [2]
    assert agents.select(lambda agent: agent.row >= 10, at_most=1)[0].row == 10
    assert made == [2 + 11 + 1]


def test_models_are_collected():
    gc.collect()
    gone = []
    for seed in range(100):
        world = Columns(30, rng=seed)
        world.agents.select(scared).shuffle_do(lambda agent: agent.following.get("fear"))
        world.step()
        gone.append(weakref.ref(world))
    del world
    gc.collect()
    assert [ref for ref in gone if ref() is not None] == []


def test_pickle_keeps_model_rows_and_state(world):
    agent, agents = world.agents[5], world.agents.select(scared)
    agent.fear = 0.625
    for twin in (pickle.loads(pickle.dumps(agent)), copy.deepcopy(agent)):
        assert (twin.row, twin.fear) == (5, 0.625)
        assert twin.model is not world
        twin.fear = 0
        assert twin.model.accounts.fear[5] == 0
        assert agent.fear == 0.625
    twins = pickle.loads(pickle.dumps(agents))
    assert twins.get(["row", "fear"]) == agents.get(["row", "fear"])
    assert twins[0] in twins.model.agents


# ---- Mesa around it


def test_data_collector_agrees_with_mesa(world, plain):
    frames = []
    for model, kinds in ((world, ROLES), (plain, PLAIN)):
        collector = mesa.DataCollector(
            model_reporters={"n": lambda m: len(m.agents), "seed": [lambda: 3, []], "fear": mean_fear, "now": "steps"},
            agent_reporters={"fear": "fear", "doubt": doubt, "both": [added, [2]]},
            agenttype_reporters={kinds[1]: {"has_left": "has_left"}, mesa.Agent: {"fear": "fear"}},
        )
        for _ in range(3):
            collector.collect(model)
            model.step()
        frames.append(
            [collector.get_model_vars_dataframe(), collector.get_agent_vars_dataframe()]
            + [collector.get_agenttype_vars_dataframe(kind) for kind in (kinds[1], mesa.Agent)]
        )
    for mine, theirs in zip(*frames, strict=True):
        assert len(mine)
        assert mine.equals(theirs)
    assert world.steps == 3


def mean_fear(model):
    return model.agents.agg("fear", np.mean)


def added(agent, n):
    return agent.fear + n


@pytest.mark.parametrize("method", ["step", "advance"])
def test_a_compiled_type_has_no_step_of_its_own(world, method):
    message = "^OrganicUser has no step of its own: call world.step"
    for call in (world.agents.do, world.agents.shuffle().sort("unique_id", True).map):
        with pytest.raises(InputError, match=message):
            call(method)
    with pytest.raises(InputError, match=message):
        world.agents_by_type[OrganicUser].shuffle_do(method)
    with pytest.raises(InputError, match=message):
        getattr(world.agents[0], method)()


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda world: mesa.Agent(world), "^Agent cannot be added to a world: set population.size"),
        (lambda world: world.register_agent(world.agents[0]), "^OrganicUser cannot be added to a world"),
        (lambda world: world.agents[0].remove(), "^OrganicUser cannot be removed: set agent.has_left = True"),
        (lambda world: world.deregister_agent(world.agents[0]), "cannot be removed"),
        (lambda world: world.remove_all_agents(), "^the accounts of a world cannot be removed: set population.size"),
        (lambda world: OrganicUser.create_agents(world, 3), "^OrganicUser cannot be created one by one: set"),
        (lambda world: OrganicUser.from_dataframe(world, [1, 2]), "^OrganicUser cannot be created one by one"),
        (lambda world: world.agents.add(SimpleNamespace(row=1)), "is not an account of this world: take it from"),
    ],
)
def test_the_cast_is_fixed(world, attempt, message):
    with pytest.raises(InputError, match=message) as caught:
        attempt(world)
    assert "\n" not in str(caught.value)
    assert len(world.agents) == N


def test_agents_can_not_be_assigned(world):
    with pytest.raises(AttributeError):
        world.agents = []


@pytest.mark.parametrize("given", ["42", 42, np.int64(42), np.uint8(42)])
def test_seeds_become_plain_ints(given):
    world = Columns(rng=given)
    assert type(world.seed) is int
    assert world.seed == 42
    twin = Columns(rng=42)
    assert world.random.random() == twin.random.random()
    assert world.rng.random() == twin.rng.random()


def test_no_seed_draws_one_that_can_be_used_again():
    assert parse_seed(None) != parse_seed(None)
    world = Columns(rng=None)
    assert Columns(rng=world.seed).agents.get("key") == world.agents.get("key")


def test_a_generator_gives_one_number_and_a_sequence_its_own():
    drawn = np.random.default_rng(7)
    first, second = parse_seed(drawn), parse_seed(drawn)
    assert first != second
    assert [parse_seed(np.random.default_rng(7)), parse_seed(np.random.PCG64(7))] == [first, first]
    children = [parse_seed(child) for child in np.random.SeedSequence(7).spawn(50)]
    assert len(set(children)) == 50
    assert children == [parse_seed(child) for child in np.random.SeedSequence(7).spawn(50)]
    assert all(0 <= seed < 2**63 for seed in (first, second, *children))


def test_a_seed_may_be_of_any_length():
    kept, hashed = [0, 1, 2**63 - 1], [2**63, 2**64 - 1, 2**64, 10**100]
    assert [parse_seed(seed) for seed in kept] == kept
    assert len({parse_seed(seed) for seed in hashed}) == 4
    assert all(0 <= parse_seed(seed) < 2**63 for seed in hashed)
    assert parse_seed(str(10**100)) == parse_seed(10**100)


@pytest.mark.parametrize("given", ["forty", -1, "-1", 1.5, True, np.bool_(False), [1]])
def test_other_seeds_are_refused(given):
    with pytest.raises(InputError, match=r"must be a whole number of at least 0, such as seed=42$"):
        Columns(rng=given)
