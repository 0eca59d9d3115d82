"""People of a user's own type: plain methods that the tick calls for them alone, beside the compiled rules."""

import copy
import math
import pickle
from collections import Counter

import numpy as np
import pytest

from sim.agents import AccountSet, OrganicUser, TrollArmyMember
from sim.errors import InputError
from sim.people.population import classify_cohort
from sim.state import records
from sim.state.accounts import FIGHT, INDIFFERENT, OPINION_THRESHOLD, WITHDRAW, Accounts
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import CLIMATE, FEAR, JOINT, PRIVATE, REDUNDANT, UNPROMPTED, VOICED
from sim.state.truth import ORGANIC
from sim.world import World
from tests.worlds import START, Diary, Stubborn, fingerprint, lively, played

BUSY = lively(
    army={"copying": 1.0, "reposts": 0.2},
    reaction={"discount": 0.7, "persuasion": 0.05, "tolerance": 0.8, "thrill": 0.2, "habituation": 0.2},
)
TICKS = START + 24


class Restated(OrganicUser):
    """The built-in rules of docs/odd.md, 7.5 and 7.6, once more in plain Python."""

    def react(self, seen, usual):
        p, now = self.model.setting.reaction, self.model.now
        s, e, c, d, h = (
            self.stance_principal,
            self.stance_extremist,
            self.opinion_climate,
            self.expected_toxicity,
            self.habituation,
        )
        hours = (now * 3600 - self.last_read) / 3600
        f = self.fear * math.exp(-(math.log(2) / p.half_life) * hours)
        abuse = allies = 0
        for post in seen:
            x, sp, se = post.toxicity, post.stance_principal, post.stance_extremist
            if x >= TOXIC_THRESHOLD and post.target == self.row:
                abuse += 1
                f += p.direct_fear * x * (1 - f)
            elif x >= TOXIC_THRESHOLD and post.target_stance * s > 0 and abs(s) > OPINION_THRESHOLD:
                f += p.vicarious_fear * x * (1 - f)
            if post.topic != CONTESTED:
                continue
            w = 1.0 if post.template < 0 else 1 - p.discount
            if abs(sp) > OPINION_THRESHOLD:
                opposed = sp * s < 0
                allies += sp * s > 0 and abs(s) > OPINION_THRESHOLD and se * e > 0
                c += p.climate_rate * w * ((sp > 0) - c)
                d += p.anticipation * w * ((x if opposed else 0.0) - d)
                if abs(sp - s) < p.tolerance:
                    s += p.persuasion * w * (1 - x) * (sp - s)
            if abs(se - e) < p.tolerance:
                e += p.persuasion * w * (1 - x) * (se - e)
            if post.shock > h:
                felt = post.shock - h
                e = min(1.0, e + p.thrill * felt) if e > 0.5 else max(-1.0, e - p.repulsion * felt)
                if e < 0:
                    f += p.terror * felt * (1 - f)
                h += p.habituation * felt
        # Who leaves is drawn from a stream of the engine's own, so this one value is taken over.
        return type(usual)(s, e, c, f, d, h, abuse, allies, usual.leaves)

    def decide(self, intention, usual):
        p, felt = self.model.setting.expression, intention.update
        drive = p.unprompted + (1 - p.unprompted) * (1 - math.exp(-p.contagion * felt.allies))
        if self.reaction == FIGHT:
            drive += (1 - drive) * felt.fear
        if intention.prompt_draw >= drive:
            return UNPROMPTED
        alarm, u, old = (
            min(1.0, felt.fear + p.anticipation * felt.expected_toxicity),
            intention.voicing_draw,
            intention.reference_climate,
        )
        if u < self.readiness(felt, alarm, felt.opinion_climate):
            return VOICED
        if u >= self.readiness(felt, 0.0, old):
            return PRIVATE
        calm, then = u < self.readiness(felt, 0.0, felt.opinion_climate), u < self.readiness(felt, alarm, old)
        return (JOINT if then else FEAR) if calm else CLIMATE if then else REDUNDANT

    def readiness(self, felt, fear, climate):
        p, s = self.model.setting.expression, felt.stance_principal
        if self.hardcore:
            return 1 / (1 + math.exp(-self.willingness))
        own = climate if s > OPINION_THRESHOLD else 1 - climate if s < -OPINION_THRESHOLD else 0.5
        push = {FIGHT: p.fight_weight, INDIFFERENT: 0.0, WITHDRAW: -p.fear_weight}[self.reaction] * fear
        return 1 / (1 + math.exp(-(self.willingness + p.climate_weight * (own - 0.5) + push)))


def play_with(kind, who, ticks=TICKS, setting=BUSY, threads=1, observers=()):
    world = World(setting, rng=5, threads=threads)
    world.observers += observers
    world.set_agent_class(kind, who)
    world.run(ticks)
    return world


# ---- the same rule gives the same bits


@pytest.mark.parametrize("who", [1.0, 0.3])
def test_the_built_in_rules_restated_are_the_kernels_to_the_bit(who):
    answers = Counter()

    class Counted(Restated):
        def react(self, seen, usual):
            felt = super().react(seen, usual)
            assert felt == usual
            answers["update"] += 1
            return felt

        def decide(self, intention, usual):
            cell = super().decide(intention, usual)
            assert cell == usual
            answers[cell] += 1
            return cell

    world = play_with(Counted, who)
    assert fingerprint(world) == fingerprint(played(BUSY, TICKS))
    assert answers["update"] > 200
    if who == 1.0:
        assert set(answers) >= {UNPROMPTED, PRIVATE, FEAR, CLIMATE, REDUNDANT, VOICED}


def test_methods_that_say_as_usual_change_nothing():
    class Usual(OrganicUser):
        def react(self, seen, usual):
            return super().react(seen, usual)

        def decide(self, intention, usual):
            return super().decide(intention, usual)

    assert fingerprint(play_with(Usual, 0.5)) == fingerprint(played(BUSY, TICKS))


# ---- the methods decide, for that type alone


def test_what_is_returned_is_written_for_that_type_alone():
    class Fixed(OrganicUser):
        def react(self, seen, usual):
            return usual._replace(fear=0.75, opinion_climate=0.25, leaves=False)

        def decide(self, intention, usual):
            return PRIVATE

    diary = Diary()
    world = play_with(Fixed, 0.3, ticks=START, observers=[diary])
    mine = world.agents_by_type[Fixed]
    came = {row for step in diary.moments for row in step.active_users.active.tolist()}
    for agent in mine:
        assert (agent.fear, agent.opinion_climate) == (
            (0.75, 0.25) if agent.row in came else (0.0, agent.reference_climate)
        )
    assert not mine.agg("has_left", max)
    assert world.agents_by_type[OrganicUser].agg("fear", max) < 0.75
    contested = [post.topic == CONTESTED for post in _own_posts(world, mine)]
    assert contested
    assert not any(contested)


def _own_posts(world, accounts):
    posts = world.state.ledger.get_rows()
    rows = np.flatnonzero(np.isin(posts.original_author, accounts.rows) & np.isin(posts.author, accounts.rows))
    return [type(posts)._make(column[j] for column in posts) for j in rows]


@pytest.mark.interpreted
def test_everybody_s_first_hour_is_as_without_them():
    """Until they have posted, only they themselves differ."""
    plain, world = played(BUSY, 1), play_with(Stubborn, 0.3, ticks=1)
    others = np.setdiff1d(np.arange(world.n_organic), world.agents_by_type[Stubborn].rows)
    for name in set(Accounts._fields) - {"newest", "newest_mention"}:  # serials, which count all posts
        np.testing.assert_array_equal(
            getattr(plain.accounts, name)[others], getattr(world.accounts, name)[others], err_msg=name
        )


def test_only_the_awake_of_that_type_are_asked():
    """The work is in proportion to them: each is asked once an hour awake, and once a contested intention."""
    calls = Counter()

    class Watched(OrganicUser):
        def react(self, seen, usual):
            calls[self.model.now, self.row] += 1
            return usual

        def decide(self, intention, usual):
            calls["decided"] += 1
            return usual

    diary = Diary()
    world = play_with(Watched, [3, 50, 120], observers=[diary])
    awake = {(m.tick, row) for m in diary.moments for row in m.active_users.active.tolist() if row in (3, 50, 120)}
    decisions = calls.pop("decided")
    assert calls == dict.fromkeys(awake, 1)
    assert 0 < decisions < 20 * len(awake)
    assert len(world.custom_agents.agents) == 3


def test_a_person_reads_what_the_kernel_says_was_read():
    read = {}

    class Reader(OrganicUser):
        def react(self, seen, usual):
            read[self.model.now, self.row] = [post.key for post in seen]
            return usual

    diary = Diary()
    play_with(Reader, 0.5, observers=[diary])
    shown = {
        (m.tick, row): keys.tolist()
        for m, all_keys in zip(diary.moments, diary.seen_keys, strict=True)
        for row, keys in zip(m.active_users.active.tolist(), all_keys, strict=True)
    }
    assert len(read) > 100
    assert all(read[which] == shown[which] for which in read)


def test_methods_see_the_world_as_the_hour_found_it():
    class Looker(OrganicUser):
        def react(self, seen, usual):
            assert self.model.accounts.fear.tobytes() == before[0]
            return usual._replace(fear=0.5)

        def decide(self, intention, usual):
            assert self.model.accounts.fear.tobytes() == before[0]
            assert intention.update.fear == 0.5
            return usual

    world = World(BUSY, rng=5)
    world.set_agent_class(Looker, 1.0)
    for _ in range(12):
        before = [world.accounts.fear.tobytes()]
        world.step()
    assert world.accounts.fear.max() == 0.5


def test_what_they_decide_is_accounted_for():
    diary = Diary()
    world = play_with(Stubborn, 1.0, observers=[diary])
    cells = list(records.OUTCOMES)
    assert (world.history[cells].sum(axis=1) == world.history["opportunities"]).all()
    usual = played(BUSY, TICKS)
    assert (world.history["opportunities"] == usual.history["opportunities"]).all()
    assert world.history["dissent_posts"].sum() > usual.history["dissent_posts"].sum()
    people = world.accounts
    assert all(
        classify_cohort(people.stance_principal[i], people.stance_extremist[i]) >= 0 for i in range(world.n_organic)
    )


# ---- they last


def test_attributes_are_kept():
    world = play_with(Stubborn, 0.3)
    mine = world.agents_by_type[Stubborn]
    assert mine[0] is world.agents[mine[0].row] is mine[0]
    assert sum(mine.get("sessions_read")) > len(mine)
    mine.set("mood_of_mine", "calm")
    assert {agent.mood_of_mine for agent in world.agents.select(agent_type=Stubborn)} == {"calm"}
    with pytest.raises(AttributeError, match=r"cannot keep 'mood_of_mine'.*world\.set_agent_class"):
        world.agents_by_type[OrganicUser][0].mood_of_mine = "calm"
    with pytest.raises(InputError, match="written is set by the simulation"):
        mine[0].written = 3


def test_a_constructor_of_one_s_own_runs():
    class Teacher(OrganicUser):
        def __init__(self, model, row):
            super().__init__(model, row)
            self.patience = 10 + row

    world = World(BUSY, rng=5)
    assert world.set_agent_class(Teacher, [4, 2]).get("patience") == [12, 14]


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w)), lambda w: w.fork(BUSY.campaign)]
)
def test_a_copy_takes_them_along_and_goes_on_the_same(twin_of):
    world = play_with(Stubborn, 0.3, ticks=10)
    twin = twin_of(world)
    before = world.agents_by_type[Stubborn].get("sessions_read")
    mine = twin.agents_by_type[Stubborn]
    assert mine.get("sessions_read") == before
    assert all(agent.model is twin for agent in mine)
    twin.run(20)
    assert world.agents_by_type[Stubborn].get("sessions_read") == before
    assert sum(mine.get("sessions_read")) > sum(before)
    world.run(20)
    assert fingerprint(world) == fingerprint(twin)


# ---- who they are


def test_types_and_sets():
    world = World(BUSY, rng=5)
    mine = world.set_agent_class(Stubborn, 0.25)
    assert isinstance(mine, AccountSet)
    assert 0.1 < len(mine) / world.n_organic < 0.4
    assert world.agents_by_type[Stubborn] == mine
    assert set(world.agent_types) >= {Stubborn, OrganicUser}
    assert len(world.agents_by_type[OrganicUser]) + len(mine) == world.n_organic
    assert len(world.agents.select(agent_type=OrganicUser)) == world.n_organic
    assert (world.state.truth.role[mine.rows] == ORGANIC).all()


def test_who_may_be_rows_or_a_set():
    world = World(BUSY, rng=5)
    assert world.set_agent_class(Stubborn, np.array([7, 5])).rows.tolist() == [5, 7]
    bold = world.agents.select(lambda agent: agent.willingness > 1.5, agent_type=OrganicUser)
    assert set(world.set_agent_class(Stubborn, bold)) == set(bold)
    assert len(world.set_agent_class(Stubborn, [])) == 0


def test_a_share_is_the_same_people_in_every_arm_and_of_who_is_left():
    class Other(OrganicUser):
        pass

    worlds = [World(setting, rng=5) for setting in (BUSY, lively(army={"size": 0}))]
    chosen = [world.set_agent_class(Stubborn, 0.5).rows.tolist() for world in worlds]
    assert chosen[0] == chosen[1]
    rest = worlds[0].set_agent_class(Other, 0.5).rows.tolist()
    assert not set(rest) & set(chosen[0])
    assert 0.1 < len(rest) / worlds[0].n_organic < 0.4
    assert World(BUSY, rng=5).set_agent_class(Stubborn, 1.0).rows.tolist() == list(range(200))


def test_draws_are_keyed():
    world = World(BUSY, rng=5)
    one, other = world.set_agent_class(Stubborn, [3, 4])
    first = one.draw("a")
    assert one.draw("a") == first
    assert len({first, one.draw("b"), one.draw("a", 1), other.draw("a"), one.draw("a", 2**64 - 1)}) == 5
    world.step()
    assert one.draw("a") != first
    many = np.array([agent.draw("even") for agent in world.set_agent_class(Stubborn, 1.0)])
    assert 0 < many.min() < many.max() < 1
    assert abs(many.mean() - 0.5) < 0.1


# ---- mistakes


class Stepper(OrganicUser):
    def step(self):
        pass


class Hiding(OrganicUser):
    fear = 0.0


@pytest.mark.parametrize(
    ("kind", "who", "message"),
    [
        (int, 0.1, "is not a type of people: derive a class from sim.agents.OrganicUser"),
        (OrganicUser, 0.1, "is not a type of people"),
        ("Stubborn", 0.1, "is not a type of people"),
        (Stepper, 0.1, "^Stepper.step is never called: write react"),
        (Hiding, 0.1, "^Hiding.fear would hide the column fear"),
        (Stubborn, 1.5, r"^a share of 1.5 is not possible: give Stubborn a share in \[0, 1\]"),
        (Stubborn, math.nan, "^a share of nan is not possible"),
        (Stubborn, [0.5], "are not accounts of this world: give an AccountSet, rows, or a share such as 0.1"),
        (Stubborn, [10**9], "are not accounts of this world"),
        (Stubborn, [-1], "are not accounts of this world"),
        (Stubborn, "all", "are not accounts of this world"),
        (Stubborn, None, "are not accounts of this world"),
        (Stubborn, [True, False], "are not accounts of this world"),
        (Stubborn, [201], "^a TrollArmyMember cannot get another class: choose ordinary people"),
    ],
)
def test_who_can_not_be_recast(kind, who, message):
    world = World(BUSY, rng=5)
    with pytest.raises(InputError, match=message) as caught:
        world.set_agent_class(kind, who)
    assert "\n" not in str(caught.value)
    assert world.roles == World.roles
    assert not world.custom_agents.agents


def test_accounts_of_another_world_are_refused():
    with pytest.raises(InputError, match="are not accounts of this world"):
        World(BUSY, rng=5).set_agent_class(Stubborn, World(BUSY, rng=5).agents.select(at_most=2))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda usual: None, r"^Wrong.react returned None: return default, or default._replace\(fear=0.0\)$"),
        (lambda usual: usual._replace(fear=1.5), r"^what Wrong.react returned, fear=1.5 must be a number in \[0, 1\]$"),
        (lambda usual: usual._replace(fear=math.nan), "fear=nan must be a number"),
        (lambda usual: usual._replace(abuse=0.5), "abuse=0.5 must be a whole number"),
        (lambda usual: usual._replace(leaves="no"), "leaves='no' must be true or false"),
        (lambda usual: usual._replace(stance_principal=-2), r"stance_principal=-2 must be a number in \[-1, 1\]"),
    ],
)
def test_a_wrong_feeling_is_refused(answer, message):
    class Wrong(OrganicUser):
        def react(self, seen, usual):
            return answer(usual)

    with pytest.raises(InputError, match=message) as caught:
        play_with(Wrong, 1.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [None, True, "voiced", 10, 2, -1, 4.0])
def test_a_wrong_decision_is_refused(answer):
    class Wrong(OrganicUser):
        def decide(self, intention, usual):
            return answer

    with pytest.raises(
        InputError, match=r"^Wrong.decide returned .*: return default, or one of 3 unprompted, 4 private"
    ):
        play_with(Wrong, 1.0)


@pytest.mark.parametrize("method", ["react", "decide"])
def test_the_tick_alone_calls_the_methods(method):
    world = World(BUSY, rng=5)
    world.set_agent_class(Stubborn, 0.2)
    for agents in (world.agents, world.agents_by_type[OrganicUser], world.agents_by_type[Stubborn]):
        for call in (agents.do, agents.map, agents.shuffle_do):
            with pytest.raises(InputError, match=rf"{method} is called by world.step\(\), for people who are active$"):
                call(method)


def test_a_method_that_a_compiled_type_lacks_is_told_with_the_cure():
    world = World(BUSY, rng=5)
    message = "^OrganicUser is compiled and has no method 'move': pass a function of an agent, or write a subclass"
    for call in (world.agents.do, world.agents.map, world.agents.shuffle_do):
        with pytest.raises(AttributeError, match=message):
            call("move")


@pytest.mark.parametrize("method", ["move", "react", "decide"])
def test_the_organised_are_told_no_cure_that_they_can_not_take(method):
    trolls = World(BUSY, rng=5).agents_by_type[TrollArmyMember]
    message = f"^TrollArmyMember is compiled and has no method '{method}': pass a function of an agent$"
    with pytest.raises(AttributeError, match=message):
        trolls.shuffle_do(method)


def test_a_method_returns_values_and_writes_none():
    class Hasty(OrganicUser):
        def react(self, seen, usual):
            self.willingness = 3.0
            return usual

        def decide(self, intention, usual):
            self.following.set("fear", 0.0)
            return usual

    class Later(Hasty):
        react = OrganicUser.react

    for kind, name in ((Hasty, "willingness"), (Later, "fear")):
        world = World(BUSY, rng=5)
        agent = world.set_agent_class(kind, 1.0)[0]
        with pytest.raises(InputError, match=f"^{name} cannot be set within react and decide: return it"):
            world.run(20)
        agent.willingness = 3.0
        assert world.accounts.willingness[0] == 3.0
