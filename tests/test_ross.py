"""The model of Ross et al. (2019) does what its specification says, and the app tells a miss from a hit."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import reproduce
from experiments.experiment import start
from experiments.published import ross_2019, ross_targets
from experiments.published import ross_kernels as kernels
from experiments.published.ross_2019 import Instance, Ross, simulate, simulate_seeds
from experiments.published.ross_targets import TARGETS, Target, compare, estimate, format_cell, list_cells, make_cell
from experiments.report import reproduce as report
from sim.errors import InputError
from sim.rng import make_key, stream
from sim.state.graph import extend_graph, from_edges, list_edges
from tests.looks import common_look
from tests.playing import make_player

MANY = 20_000
KEY = stream("test.ross")
SMALL = Ross(users=40, links=2, bots=5, bot_links=2)


class Plain:
    """The specification, one Python object a run: who influences whom, and floats in lists."""

    def __init__(self, instance: Instance, influence: float) -> None:
        start, following = instance.graph.following_start, instance.graph.following
        self.users, self.influence = len(instance.valence), influence
        self.near = [following[start[i] : start[i + 1]].tolist() for i in range(self.users)]
        self.valence, self.threshold = instance.valence.tolist(), instance.threshold.tolist()
        self.x = instance.inner.tolist()

    def confidence(self) -> list[float]:
        return [max(math.tanh(x / 2), 0.0) for x in self.x]

    def speaks(self) -> list[bool]:
        return [c > t for c, t in zip(self.confidence(), self.threshold, strict=True)]

    def tick(self) -> bool:
        """Play one tick; return whether some user's confidence moved by more than 1e-4."""
        before, speaks = self.confidence(), self.speaks()
        moves = []
        for user in range(self.users):
            same = other = 0.0
            for near in self.near[user]:
                bot = near >= self.users
                if bot or speaks[near]:
                    weight = self.influence if bot else 1.0
                    if (-1 if bot else self.valence[near]) == self.valence[user]:
                        same += weight
                    else:
                        other += weight
            moves.append((same - other) / (same + other) if same + other > 0 else 0.0)
        self.x = [x + move for x, move in zip(self.x, moves, strict=True)]
        return any(abs(now - then) > 1e-4 for now, then in zip(self.confidence(), before, strict=True))


def hand_made(
    valence: Iterable[int],
    inner: Iterable[float],
    threshold: Iterable[float],
    links: Iterable[tuple[int, int]],
    bots: Iterable[int] = (),
) -> Instance:
    """Return an instance of these users, undirected links, and a bot for each user named in `bots`."""
    signs = np.array(list(valence), np.int8)
    users, lured = len(signs), np.array(list(bots), np.int32)
    one, other = np.array(list(links)).T
    graph = from_edges(np.append(one, other), np.append(other, one), users)
    mine = users + np.arange(len(lured))
    graph = extend_graph(graph, np.append(lured, mine), np.append(mine, lured), users + len(lured))
    return Instance(graph, signs, np.array(list(inner)), np.array(list(threshold)))


#: Two users of one view and one of the other take turns in speaking, period 8; a fourth falls for ever.
TURNS = hand_made(
    (1, -1, 1, 1),
    (0.66, 0.71, 0.85, 0.23),
    (0.3, 0.2, 0.01, 0.09),
    ((0, 1), (0, 2), (1, 3)),
    bots=(0, 0, 1, 2),
)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("influence", "positive", "power"), [(1.0, 0.5, 1.0), (0.25, 0.7, 0.0), (2.5, 0.5, 1.5)])
def test_every_tick_is_the_specification_s_bit_for_bit(
    influence: float, positive: float, power: float, directed: bool
) -> None:
    rule = replace(SMALL, influence=influence, positive=positive, power=power, directed=directed)
    turned = 0
    for seed in range(6):
        instance = rule.draw_instance(seed)
        plain, people = Plain(instance, influence), instance.make_people(influence)
        state = kernels.start_state(people, instance.inner)
        for _ in range(40):
            moved, flips = kernels.advance_tick(people, state)
            turned += flips
            assert plain.tick() == moved
            assert plain.x == state.inner.tolist()
            assert plain.confidence() == state.confidence.tolist()
            assert plain.speaks() == state.speaks.tolist()
    assert turned > 30


@pytest.mark.parametrize("influence", [0.25, 0.5, 1.0])
def test_a_run_ends_where_the_specification_s_does(influence: float) -> None:
    rule, periods = Ross(users=4, bots=4), Counter[int]()
    for seed in range(80, 120):
        instance = rule.draw_instance(seed)
        plain, ticks = Plain(instance, influence), 1
        while plain.tick() and ticks < 300:
            ticks += 1
        ours = simulate(instance, influence)
        periods[ours["period"]] += 1
        assert (ours["ticks"] if ours["period"] == 0 else 300) == ticks
        if ours["period"] == 0:
            speech = [v for v, speaks in zip(plain.valence, plain.speaks(), strict=True) if speaks]
            assert (ours["plus"], ours["minus"]) == (speech.count(1), speech.count(-1))
    assert periods == ({0: 39, 8: 1} if influence == 0.25 else {0: 40})


def test_the_published_unit_vector() -> None:
    instance = hand_made(
        (1, 1, -1, -1, -1), (1.5, 9, 9, 9, 9), (0.6, 0.1, 0.1, 0.1, 0.1), [(0, near) for near in (1, 2, 3, 4)]
    )
    people = instance.make_people(1.0)
    state = kernels.start_state(people, instance.inner)
    assert state.confidence[0] == pytest.approx(0.635149, abs=5e-7)
    assert state.speaks[0]
    kernels.advance_tick(people, state)
    assert state.inner[0] == 1.0
    assert state.confidence[0] == pytest.approx(0.4621172, abs=5e-8)
    assert not state.speaks[0]


def test_the_share_that_speaks_at_first() -> None:
    expected = 2 * math.log(math.cosh(0.5))
    assert expected == pytest.approx(0.2402, abs=5e-5)
    users = 100_000
    instance = Ross(users=users).draw_instance(5)
    share = kernels.start_state(instance.make_people(1.0), instance.inner).speaks.mean()
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / users)
    assert abs((instance.valence > 0).mean() - 0.5) < 4 * 0.5 / math.sqrt(users)


def test_a_limit_cycle_is_proven_and_reported() -> None:
    found = simulate(TURNS, 0.25)
    assert (found["period"], found["plus"], found["minus"]) == (8, 1.625, 0.625)
    assert (found["bots_win"], found["silent"], found["minority"]) == (False, 1 - 2.25 / 4, 0.625 / 4)
    plain, patterns = Plain(TURNS, 0.25), []
    for _ in range(found["ticks"] + 400):
        patterns.append(tuple(plain.speaks()))
        assert plain.tick()
    after = patterns[found["ticks"] :]
    assert all(after[i] == after[i % 8] for i in range(len(after)))
    assert not any(all(after[i] == after[i % part] for i in range(16)) for part in (1, 2, 4))


def test_the_same_users_settle_when_bots_count_in_full_and_a_limit_is_reported() -> None:
    assert simulate(TURNS, 1.0)["period"] == 0
    early = simulate(TURNS, 0.25, limit=5)
    assert (early["period"], early["ticks"]) == (-1, 5)


def test_speech_that_recurs_while_somebody_s_standing_changes_is_no_cycle() -> None:
    people = TURNS.make_people(0.25)
    state = kernels.start_state(people, TURNS.inner)
    steady, then = np.zeros(4, np.bool_), state.inner.copy()
    assert kernels._is_recurrent(state, then, steady)
    for user, shift in product(range(4), (-1.0, 1.0)):
        then = state.inner - shift * (np.arange(4) == user)
        lasts = state.speaks[user] == (shift > 0)  # more of it and speaking, or less and silent
        assert kernels._is_recurrent(state, then, steady) == lasts
        assert not kernels._is_recurrent(state, then, np.arange(4) == user)


def test_nobody_hears_nobody() -> None:
    silent = hand_made((1, -1), (0.5, 0.5), (0.9, 0.9), [(0, 1)])
    assert simulate(silent) == {
        "ticks": 1, "period": 0, "plus": 0.0, "minus": 0.0, "bots_win": False, "silent": 1.0, "minority": 0.0,
        "central": False,
    }  # fmt: skip
    weightless = hand_made((1, -1), (0.5, 0.5), (0.9, 0.9), [(0, 1)], bots=(0, 1))
    assert simulate(weightless, 0.0)["ticks"] == 1


def test_outcomes_count_users_and_a_tie_is_no_win() -> None:
    sure, threshold = (60.0,) * 4, (0.5,) * 4
    path = [(0, 1), (1, 2), (2, 3)]
    tie = simulate(hand_made((1, 1, -1, -1), sure, threshold, path, bots=(0, 1, 2)))
    assert (tie["plus"], tie["minus"], tie["bots_win"], tie["central"], tie["minority"]) == (2, 2, False, False, 0.5)
    won = simulate(hand_made((1, -1, -1, -1), sure, threshold, path))
    assert (won["bots_win"], won["silent"], won["minority"], won["central"]) == (True, 0.0, 0.25, True)
    assert simulate(hand_made((-1, 1, 1, 1), sure, threshold, path))["bots_win"] is False


def test_the_most_central_actor_has_most_links_and_the_lowest_number() -> None:
    path = [(0, 1), (1, 2), (2, 3)]
    assert hand_made((1,) * 4, (1,) * 4, (0.5,) * 4, path).find_central() == 1
    assert hand_made((1,) * 4, (1,) * 4, (0.5,) * 4, path, bots=(2,)).find_central() == 2


def outcomes(links: int, n: int, power: float) -> Iterator[tuple[tuple[tuple[int, ...], ...], float]]:
    """Yield (whom each node after the star's centre links to, probability), by the specification."""

    def chosen(weights: list[float]) -> dict[tuple[int, ...], float]:
        found: dict[tuple[int, ...], float] = {}
        for order in permutations(range(len(weights)), links):
            chance, left = 1.0, sum(weights)
            for node in order:
                chance, left = chance * weights[node] / left, left - weights[node]
            found[tuple(sorted(order))] = found.get(tuple(sorted(order)), 0.0) + chance
        return found

    def grow(degree: list[int]) -> Iterator[tuple[tuple[tuple[int, ...], ...], float]]:
        if len(degree) == n:
            yield (), 1.0
            return
        for nodes, chance in chosen([d**power for d in degree]).items():
            grown = [d + (i in nodes) for i, d in enumerate(degree)] + [links]
            for rest, more in grow(grown):
                yield (nodes, *rest), chance * more

    yield from grow([1] * links + [links])


@pytest.mark.parametrize(
    ("attached", "power"),
    [(kernels._attach_nodes, 1.0), *((kernels.attach_nodes, power) for power in (1.0, 0.0, -1.0, 2.5))],
)
def test_attachment_follows_its_law_exactly(attached: Callable[..., Any], power: float) -> None:
    links, n, draws = 2, 5, 6000
    seen: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for seed in range(draws):
        newcomer, earlier = attached(make_key(seed, KEY), n, links, power)
        assert newcomer.tolist() == [node for node in range(links, n) for _ in range(links)]
        chosen = [tuple(sorted(earlier[i : i + links].tolist())) for i in range(0, len(earlier), links)]
        assert chosen[0] == (0, 1)
        seen[tuple(chosen[1:])] += 1
    law = dict(outcomes(links, n, power))
    assert sum(law.values()) == pytest.approx(1.0)
    assert set(seen) <= set(law)
    for outcome, chance in law.items():
        assert abs(seen[outcome] / draws - chance) < 4.5 * math.sqrt(chance * (1 - chance) / draws) + 1e-9


@pytest.mark.parametrize("power", [1.0, 0.5])
@pytest.mark.parametrize("links", [1, 3])
def test_every_newcomer_has_distinct_earlier_neighbours(links: int, power: float) -> None:
    n = 500
    newcomer, earlier = kernels.attach_nodes(make_key(3, KEY), n, links, power)
    assert np.bincount(newcomer, minlength=n).tolist() == [0] * links + [links] * (n - links)
    assert (earlier < newcomer).all()
    assert len(set(zip(newcomer.tolist(), earlier.tolist(), strict=True))) == links * (n - links)
    assert sorted(earlier[newcomer == links].tolist()) == list(range(links))
    graph = Ross(users=n, links=links, power=power).draw_instance(3).graph
    assert np.array_equal(graph.following, graph.followers)
    assert len(graph.following) == 2 * links * (n - links)


@pytest.mark.parametrize("links", [1, 3])
def test_degrees_follow_the_known_law(links: int) -> None:
    for attached in (kernels.attach_nodes, kernels._attach_nodes):
        _, earlier = attached(make_key(1, KEY), MANY, links, 1.0)
        received = np.bincount(earlier, minlength=MANY)
        for more in range(3):
            k = links + more
            share = 2 * links * (links + 1) / (k * (k + 1) * (k + 2))  # Bollobas et al.'s limit
            assert abs((received == more).mean() - share) < 0.02


def test_hubs_grow_with_the_exponent() -> None:
    hubs = []
    for power in (-1.0, 0.0, 1.0, 1.5):
        graphs = [Ross(users=300, links=2, power=power).draw_instance(seed).graph for seed in range(20)]
        hubs.append(np.mean([np.diff(graph.following_start).max() for graph in graphs]))
    assert hubs[0] < 0.8 * hubs[1] < 0.8 * 0.8 * hubs[2] < 0.8**3 * hubs[3]


@pytest.mark.parametrize("power", [1.0, 0.0, -1.0, 2.0])
def test_bots_choose_distinct_users_by_degree(power: float) -> None:
    degree, bots = np.array([1.0, 1.0, 2.0, 4.0]), 6000
    bot, user = kernels.attach_to(make_key(1, KEY), bots, 2, degree**power)
    assert np.array_equal(bot, np.repeat(np.arange(bots), 2))
    seen = Counter(tuple(sorted(pair)) for pair in user.reshape(-1, 2).tolist())
    weight = degree**power / (degree**power).sum()
    for i, j in combinations(range(4), 2):
        chance = weight[i] * weight[j] * (1 / (1 - weight[i]) + 1 / (1 - weight[j]))
        assert abs(seen[i, j] / bots - chance) < 4.5 * math.sqrt(chance * (1 - chance) / bots)
    fewer = kernels.attach_to(make_key(1, KEY), 10, 2, degree**power)
    assert np.array_equal(fewer[1], user[:20])


@pytest.mark.parametrize("directed", [False, True])
def test_bots_are_added_and_change_nothing_else(directed: bool) -> None:
    without, small = (replace(SMALL, bots=bots, directed=directed).draw_instance(4) for bots in (0, 5))
    users = SMALL.users
    for name in ("valence", "inner", "threshold"):
        assert np.array_equal(getattr(without, name), getattr(small, name))
    listener, source = list_edges(small.graph)
    among = (listener < users) & (source < users)
    assert [ends[among].tolist() for ends in (listener, source)] == [
        ends.tolist() for ends in list_edges(without.graph)
    ]
    assert not ((listener >= users) & (source >= users)).any()
    assert np.bincount(source[source >= users] - users).tolist() == [2] * 5
    assert (listener >= users).sum() == (0 if directed else 10)
    heard = np.bincount(listener[source >= users], minlength=users)
    assert small.make_people(0.5).bots.tolist() == (0.5 * heard).tolist()


def test_a_directed_graph_has_each_link_once_either_way() -> None:
    rule = Ross(users=2000, links=3)
    both, once = rule.draw_instance(1).graph, replace(rule, directed=True).draw_instance(1).graph
    assert len(once.following) == len(both.following) // 2
    listener, source = list_edges(once)
    pairs = set(zip(listener.tolist(), source.tolist(), strict=True))
    assert not any((there, here) in pairs for here, there in pairs)
    assert pairs < set(zip(*(ends.tolist() for ends in list_edges(both)), strict=True))
    newer = (listener > source).mean()
    assert abs(newer - 0.5) < 4 * 0.5 / math.sqrt(len(listener))


def test_results_hang_on_the_seed_and_on_nothing_else() -> None:
    whole = simulate_seeds(SMALL, range(12))
    pd.testing.assert_frame_equal(whole, simulate_seeds(SMALL, range(12)))
    parts = [simulate_seeds(SMALL, [seed]) for seed in reversed(range(12))]
    pd.testing.assert_frame_equal(whole, pd.concat(parts[::-1], ignore_index=True))
    assert whole["plus"].nunique() > 6
    for change in ({"bots": 9}, {"links": 3}, {"bot_power": -1.0}, {"directed": True}, {"influence": 0.5}):
        assert not whole.equals(simulate_seeds(replace(SMALL, **change), range(12)))


def test_bots_help_their_side() -> None:
    won = [simulate_seeds(make_cell(3, bots, users=200), range(150))["bots_win"].mean() for bots in (0, 10, 40)]
    assert abs(won[0] - 0.5) < 0.15
    assert won[0] < won[1] < won[2]
    assert won[2] > 0.85


def check_key(name: str, value: Any) -> Any:
    """Have the app check a value of one of its keys."""
    return reproduce.Reproduction.__dataclass_fields__[name].metadata["kind"].check(name, value)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "more links than users": (
        lambda: Ross(users=10, links=10),
        "Ross.links=10 must be less than users=10: say links=1 or more users",
    ),
    "more links of a bot than users": (
        lambda: Ross(users=10, bots=1, bot_links=11),
        "Ross.bot_links=11 is more than there are users (10)",
    ),
    "fewer bots than none": (lambda: list_cells([1], [-1]), "Ross.bots=-1 must lie in [0, 1e+07] (bots)"),
    "no users": (lambda: Ross(users=1), "Ross.users=1 must lie in [2, 1e+07] (users)"),
    "a share above 1": (lambda: Ross(positive=1.5), "Ross.positive=1.5 must lie in [0, 1] (share)"),
    "a number for a list": (
        lambda: check_key("links", 3),
        "links=3 must be a list, each item a whole number from 0, as in [1,10]",
    ),
    "a word in a list": (
        lambda: check_key("bots", [0, "x"]),
        "bots=[0, x] must be a list, each item a whole number from 0, as in [0,50]",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_one_line(name: str) -> None:
    make, said = MISTAKES[name]
    with pytest.raises(InputError) as error:
        make()
    assert str(error.value) == said


def test_targets_are_the_published_ones() -> None:
    assert len(TARGETS) == 24
    assert len({(target.cell, target.measure) for target in TARGETS}) == 24
    assert all(0 < target.error <= 0.016 for target in TARGETS if target.measure in ross_targets.PROBABILITIES)
    planned = list_cells([1, 2], [0, 20])
    assert planned[:4] == [make_cell(1, 0), make_cell(1, 20), make_cell(2, 0), make_cell(2, 20)]
    assert {target.cell for target in TARGETS} <= set(planned)
    assert len(set(planned)) == len(planned)
    assert format_cell(make_cell(1, 200, users=10_000)) == "m=1, 200 bots, N=10,000"
    assert format_cell(make_cell(5, 20, positive=0.55)) == "m=5, 20 bots, q=0.55"


def rows(**columns: list[Any]) -> pd.DataFrame:
    """Return runs of the cell m=1, 0 bots, with what is not said the same in all."""
    length = len(next(iter(columns.values())))
    usual = {"ticks": 10, "period": 0, "bots_win": False, "silent": 0.5, "minority": 0.2, "central": False}
    return pd.DataFrame({**{name: [value] * length for name, value in usual.items()}, **columns}).assign(
        **asdict(make_cell(1, 0))
    )


def test_estimates_and_verdicts() -> None:
    runs = rows(bots_win=[True] * 30 + [False] * 70, ticks=[10] * 50 + [20] * 50, period=[0] * 98 + [8, -1])
    mean, error = estimate(runs, "bots_win")
    assert (mean, error) == (0.3, pytest.approx(math.sqrt(32 / 104 * 72 / 104 / 104)))
    mean, error = estimate(runs, "ticks")
    assert mean == pytest.approx((500 + 960) / 98)
    assert error == pytest.approx(np.std([10] * 50 + [20] * 48, ddof=1) / math.sqrt(98))
    combined = math.hypot(estimate(runs, "bots_win")[1], 0.01)
    for apart, passed in ((2.99, True), (-2.99, True), (3.01, False), (-3.01, False)):
        table = compare(runs, [Target(make_cell(1, 0), "bots_win", 0.3 + apart * combined, 0.01)])
        assert (table["passed"].tolist(), table["cycles"].tolist(), table["unsettled"].tolist()) == ([passed], [1], [1])
    assert compare(runs, [])["passed"].isna().all()
    assert np.isnan(estimate(rows(ticks=[5, 6], period=[8, -1]), "ticks")[0])
    nothing = compare(rows(ticks=[5, 6], period=[8, -1]), [Target(make_cell(1, 0), "ticks", 5.0, 1.0)])
    assert nothing.loc[nothing["measure"] == "ticks", "passed"].tolist() == [False]


def app(command_line: Callable[..., None], *words: str) -> object:
    command_line("workers=1", *words)
    try:
        start(reproduce.Reproduction)
    except SystemExit as leave:
        return leave.code
    return 0


#: One small cell, whose true value (1/2 by symmetry) is published.
SYMMETRY = (Target(make_cell(1, 0, users=60), "bots_win", 0.5, 0.01),)
WRONG = (*SYMMETRY, Target(make_cell(1, 0, users=60), "silent", 0.1, 0.0008))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[Target, ...]], None]:
    """Return a function that puts other targets in the place of the published ones."""

    def put(targets: tuple[Target, ...]) -> None:
        monkeypatch.setattr(ross_targets, "TARGETS", targets)
        monkeypatch.setattr(ross_targets.compare, "__defaults__", (targets,))

    return put


def test_the_app_writes_and_prints_what_it_found(
    command_line: Callable[..., None],
    published: Callable[[tuple[Target, ...]], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    published(SYMMETRY)
    assert app(command_line, "runs=40", "links=[1]", "bots=[0,30]", "out=out/ross") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "P(bots win)" in out
    assert "All 1 published numbers are met within 3 combined standard errors (40 runs a cell); furthest off is " in out
    folder = tmp_path / "out/ross"
    compared, runs = (pd.read_parquet(folder / f"{name}.parquet") for name in ("cells", "runs"))
    assert compared["cell"].tolist() == ["m=1, 0 bots", "m=1, 30 bots", "m=1, 0 bots, N=60"]
    assert len(runs) == 3 * 40
    played = simulate_seeds(make_cell(1, 30), range(1, 41))
    pd.testing.assert_frame_equal(runs.query("bots == 30")[played.columns].reset_index(drop=True), played)
    for name in ("tipping.png", "tipping.svg", "unmanipulated.png", "unmanipulated.svg"):
        assert (folder / "figures" / name).stat().st_size > 1000
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "All 1 published numbers are met" in page
    assert page.count("<svg") == 2


def test_a_miss_is_named_and_leaves_with_code_1_and_with_results(
    command_line: Callable[..., None],
    published: Callable[[tuple[Target, ...]], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    published(WRONG)
    assert app(command_line, "runs=20", "links=[1]", "bots=[0,30]", "out=out/ross") == 1
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "1 of 2 published numbers are missed (20 runs a cell): share silent at m=1, 0 bots, N=60; furthest off" in out
    )
    assert (tmp_path / "out/ross/report.html").exists()


WORDS = {
    "paper=simsom": "paper=simsom is unknown: did you mean simsom_2024?",
    "paper=ross": "paper=ross is unknown: did you mean ross_2019?",
    "runs=1": "runs=1 must be a whole number from 2 to 10000",
    "runs=many": "runs=many must be a whole number from 2 to 10000",
    "seeds=1": "runs=1 must be a whole number from 2 to 10000",
    "links=3": "links=3 must be a list, each item a whole number from 0, as in [1,10]",
    "links=[2000]": "Ross.links=2000 must be less than users=1000: say links=1 or more users",
    "papr=x": "papr is not a known key: did you mean paper?",
}


@pytest.mark.parametrize("words", WORDS)
def test_a_mistake_on_the_command_line_is_one_line_and_code_2(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], tmp_path: Path, words: str
) -> None:
    assert app(command_line, words) == 2
    assert capfd.readouterr() == ("", WORDS[words] + "\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_cell_that_was_missed_is_told_from_one_without_a_number() -> None:
    table = compare(rows(bots_win=[True] * 50), [Target(make_cell(1, 0), "silent", 0.4, 0.0008)])
    words = {row[1]: row[2:] for row in report.format_rows(table)}
    assert words["P(bots win)"][0] == words["P(bots win)"][3] == ""
    assert words["share silent"][3] == "NO"


def judged(compared: pd.DataFrame) -> Mapping[tuple[str, str], bool]:
    known = compared.dropna(subset=["passed"])
    return dict(zip(zip(known["cell"], known["measure"], strict=True), known["passed"], strict=True))


@pytest.mark.slow
def test_every_published_number_is_met() -> None:
    runs = reproduce.simulate_cells(list_cells([], []), range(1, 1001), ross_2019.LIMIT, make_player(0))
    verdicts = judged(compare(runs))
    assert len(verdicts) == len(TARGETS)
    assert [where for where, passed in verdicts.items() if not passed] == []


@pytest.mark.slow
def test_rows_do_not_depend_on_the_number_of_processes() -> None:
    one, two = (
        reproduce.simulate_cells([SMALL], range(120), ross_2019.LIMIT, make_player(workers)) for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
