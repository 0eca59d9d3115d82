"""Replays: a film shows what happened, packs into a page and out again, and lessons have the numbers of their run."""

import base64
import json
import math
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import replay, run
from experiments.analysis.pairing import Interval
from experiments.app import app, play_app
from experiments.report.formatting import CAUSES
from experiments.teaching import comparison, film, lessons
from experiments.teaching.changes import CHANGES
from experiments.teaching.curves import BANDED, CURVES, compute_band, compute_curves
from experiments.teaching.film import Film
from experiments.teaching.findings import compute_findings
from experiments.teaching.layout import place_accounts
from experiments.teaching.packing import Pack, encode_steps, encode_ties
from experiments.teaching.replay import ReplayPage, Scene, escape_json, read_source, render_replay
from experiments.teaching.replay_runs import ReplayJob, ReplayRun, can_fork, run_job
from sim.errors import InputError
from sim.state.graph import from_edges
from sim.state.posts import CONTESTED
from sim.state.truth import ROLES
from sim.world import World
from tests.test_conf import composed
from tests.test_story import SCENARIOS
from tests.worlds import LIVELY, START, Diary, lively, played

TITLES = {"en": "title", "ar": "title_ar"}
TICKS, N = START + 36, LIVELY.population.size
QUIET = lively(campaign={"tactics": ()})


@pytest.fixture(scope="module")
def shots() -> list[ReplayRun]:
    return [run_job(ReplayJob((QUIET, LIVELY), seed, TICKS, 0 if seed > 5 else 60)) for seed in (5, 6)]


@pytest.fixture(scope="module")
def page(shots: list[ReplayRun]) -> str:
    return render_replay(
        ReplayPage([Scene(shots, LIVELY.campaign)], "python -m experiments.replay", title="</script><b>")
    )


@pytest.fixture(scope="module")
def diary() -> tuple[World, Film, Diary]:
    world, watched = World(LIVELY, rng=5), Diary()
    shown = Film(world, 120)
    world.observers += [shown, watched]
    world.run(START + 12)
    return world, shown, watched


def unpacked(page: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what the page says of itself and its arrays, read as a browser reads them."""
    about = json.loads(re.findall(r'<script id="about"[^>]*>(.*?)</script>', page, re.DOTALL)[0])
    data = zlib.decompress(base64.b64decode(re.findall(r'<script id="film"[^>]*>(.*?)</script>', page, re.DOTALL)[0]))
    arrays = {
        name: np.frombuffer(data, kind, int(np.prod(shape)), first).reshape(shape)
        for name, (kind, first, shape) in about["index"].items()
    }
    return about, arrays


def test_a_frame_says_who_came_spoke_kept_silent_and_was_abused(diary: tuple[World, Film, Diary]):
    _, shown, watched = diary
    assert [len(frame.events) for frame in shown.frames] == [len(shown.rows)] * (START + 12)
    for frame, step in zip(shown.frames, watched.moments, strict=True):
        awake = set(step.active_users.active.tolist())
        withheld = dict(zip(step.active_users.active.tolist(), step.speech.withheld.tolist(), strict=True))
        abuse = dict(zip(step.active_users.active.tolist(), step.update.abuse.tolist(), strict=True))
        for place, row in enumerate(shown.rows.tolist()):
            events = int(frame.events[place])
            assert bool(events & film.AWAKE) == (row in awake)
            assert bool(events & film.WITHHELD) == (withheld.get(row, 0) > 0)
            assert bool(events & film.ABUSED) == (abuse.get(row, 0) > 0)


def test_who_spoke_and_how_far_it_reached_is_what_the_ledger_holds():
    watched = Diary()
    world = World(LIVELY, rng=5)
    shown = Film(world, 60)
    world.observers += [shown, watched]
    seen = np.zeros(len(world.role), np.int64)
    for _ in range(film.HOURS):
        world.step()
        step = watched.moments[-1]
        spoke = {
            int(step.posts.author[row])
            for row in range(step.new.start, step.new.stop)
            if step.posts.topic[row] == CONTESTED
        }
        flags = shown.frames[-1].events & film.SPOKE
        assert {int(row) for row, flag in zip(shown.rows, flags, strict=True) if flag} == spoke & set(
            shown.rows.tolist()
        )
        for item in step.seen.item:
            seen[step.posts.author[item]] += step.posts.topic[item] == CONTESTED
    assert (shown.frames[-1].reach == np.minimum(15, np.rint(np.log2(1.0 + seen[shown.rows])))).all()
    world.step()
    assert (shown.frames[-1].fear == np.rint(film.FEAR * world.accounts.fear[shown.rows])).all()
    assert (shown.frames[-1].climate == np.rint(film.CLIMATE * world.accounts.opinion_climate[shown.rows])).all()


def test_a_film_changes_nothing():
    world = played(LIVELY, START + 12)
    watched = World(LIVELY, rng=5)
    watched.observers.append(Film(watched, 50))
    pd.testing.assert_frame_equal(watched.run(START + 12), world.history)


def test_people_of_a_film_are_the_same_with_and_without_an_army():
    one, two = (Film(World(setting, rng=3), 40) for setting in (LIVELY, lively(army={"size": 0})))
    assert (one.rows[:40] == two.rows[:40]).all()
    assert (one.role[:40] == 0).all()
    assert {ROLES[code] for code in one.role[40:]} == {"troll", "extremist"}
    assert {ROLES[code] for code in two.role[40:]} == {"extremist"}


@pytest.mark.parametrize("people", [0, film.MAX_ACCOUNTS + 1, True, 1.5])
def test_a_film_of_nobody_or_too_many_is_refused(people: Any):
    with pytest.raises(InputError, match=r"replay.people=.* must be from 1 to 5000"):
        Film(World(LIVELY, rng=1), people)


def test_sides_of_the_organised_are_what_they_say(diary: tuple[World, Film, Diary]):
    world, shown, _ = diary
    side, stance = shown.get_sides()
    assert (side[: shown.people] == world.accounts.cohort[shown.rows[: shown.people]]).all()
    army = np.array([ROLES[code] == "troll" for code in shown.role])
    spoke = np.bitwise_or.reduce([frame.events for frame in shown.frames]) & film.SPOKE > 0
    assert (army & spoke).any()
    assert (side[army & spoke] == 2).all()
    assert (stance[army & spoke] > 0).all()
    assert (side[army & ~spoke] == 0).all()


def test_worlds_that_differ_in_conduct_alone_are_forked_to_the_same_bits(shots: list[ReplayRun]):
    assert can_fork((QUIET, LIVELY))
    assert not can_fork((lively(army={"size": 0}), LIVELY))
    assert not can_fork((lively(campaign={"start": START + 1}), LIVELY))
    for setting, history in zip((QUIET, LIVELY), shots[0].histories, strict=True):
        pd.testing.assert_frame_equal(World(setting, rng=5).run(TICKS), history)
    alone = run_job(ReplayJob((LIVELY,), 5, TICKS, 60))
    for one, two in zip(alone.films[0].frames, shots[0].films[1].frames, strict=True):
        assert all((a == b).all() for a, b in zip(one, two, strict=True))


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.lists(st.floats(-1, 1), max_size=10))
def test_places_are_in_the_disc_in_order_of_stance_whoever_else_is_there(people: list[float], others: list[float]):
    x, y = place_accounts(np.array(people + others), len(people))
    assert (np.hypot(x, y) <= 1.0 + 1e-6).all()
    assert (np.diff(x[: len(people)][np.argsort(people, kind="stable")]) > 0).all()
    alone = place_accounts(np.array(people), len(people))
    assert (alone == np.array([x, y])[:, : len(people)]).all()


def test_no_two_people_stand_on_one_another():
    x, y = place_accounts(np.linspace(-1, 1, 500), 500)
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + 9 * np.eye(500)
    assert apart.min() > 0.3 * np.sqrt(np.pi / 500)


def test_steps_add_up_again():
    levels = np.random.default_rng(1).integers(0, 64, (30, 7)).astype(np.uint8)
    assert (np.cumsum(encode_steps(levels), axis=0, dtype=np.uint8) == levels).all()


def test_ties_are_the_graph_among_the_shown():
    source, target = np.array([0, 0, 0, 2, 3, 3, 1]), np.array([3, 2, 1, 0, 2, 0, 3])
    count, low, high = encode_ties(from_edges(source, target, 4), np.array([0, 2, 3]))
    gaps, ends = low.astype(int) + 256 * high.astype(int), np.cumsum(count)
    follows = [np.cumsum(part).tolist() for part in np.split(gaps, ends[:-1])]
    assert follows == [[1, 2], [0], [0, 1]]


def test_what_can_not_be_packed_is_refused():
    pack = Pack()
    pack.add("a", np.zeros(3, np.uint8))
    for name, array in (("b", np.zeros(3)), ("a", np.zeros(3, np.uint8))):
        with pytest.raises(ValueError, match="cannot be packed"):
            pack.add(name, array)


def test_curves_are_means_of_the_last_day(shots: list[ReplayRun]):
    history = shots[0].histories[1]
    drawn = compute_curves(history)
    for name, (measure, factor) in CURVES.items():
        for t in (0, 10, TICKS - 1):
            hours = history[measure].to_numpy()[max(0, t - 23) : t + 1]
            assert drawn[name][t] == pytest.approx(factor * np.nanmean(hours), rel=1e-5)
    low, high = compute_band([compute_curves(shot.histories[1]) for shot in shots])
    assert set(low) == set(high) == set(BANDED)
    assert all((low[name] <= drawn[name]).all() and (drawn[name] <= high[name]).all() for name in BANDED)


def test_lost_and_gained_posts_are_the_gap_between_the_worlds(shots: list[ReplayRun]):
    """Exact to the post in every seed; nothing changes before the campaign, and one world has nothing to compare."""
    for shot in shots:
        lost, gained = (shot.changes[change] for change in CHANGES)
        without, arm = (history["dissent_posts"] - history["dissent_removed"] for history in shot.histories)
        assert len(lost) == TICKS
        assert lost[-1] - gained[-1] == without.sum() - arm.sum()
        assert lost[-1] > 0 == lost[START - 1] == gained[START - 1]
        assert (np.diff(lost) >= 0).all()
    assert run_job(ReplayJob((LIVELY,), 1, 3, 0)).changes == {}
    other = lively(population={"size": 90})
    assert run_job(ReplayJob((other, LIVELY), 1, 3, 0)).changes == {}, "other people have other intentions"


def test_a_page_holds_the_films_bit_by_bit(page: str, shots: list[ReplayRun]):
    about, arrays = unpacked(page)
    scene = about["scenes"][0]
    assert scene["hours"] == TICKS
    assert [world["arm"] for world in scene["worlds"]] == ["without", "with"]
    for place, (world, shown) in enumerate(zip(scene["worlds"], shots[0].films, strict=True)):
        planes = shown.stack_planes()
        events = arrays[f"0/{place}/events"]
        if world["like"] is not None:
            events = events ^ arrays[f"0/{world['like']}/events"]
        assert (planes["events"] == events.T).all()
        for level in ("fear", "climate", "reach"):
            assert (planes[level] == np.cumsum(arrays[f"0/{place}/{level}"], axis=1, dtype=np.uint8).T).all()
        assert (f"0/{place}/curves/lost" in arrays) == (world["arm"] == "with")
        assert (arrays[f"0/{place}/curves/voice"] == compute_curves(shots[0].histories[place])["voice"]).all()


def test_a_page_loads_nothing_and_says_nothing_that_could_run(page: str):
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "https://" not in page.replace("https://doi", "")
    assert "</script><b>" not in page
    assert unpacked(page)[0]["title"] == "</script><b>"
    assert "<" not in escape_json(json.dumps({"a": "</script>"}))
    assert "eval(" not in page
    assert "innerHTML" not in page


def test_two_thousand_people_and_five_hundred_hours_are_less_than_two_megabytes():
    # Half of the people, half of the hours of a run with this activity, which is more than the default's.
    setting = replace(LIVELY, population=replace(LIVELY.population, size=1000))
    quiet = replace(setting, campaign=replace(setting.campaign, tactics=()))
    whole = render_replay(
        ReplayPage([Scene([run_job(ReplayJob((quiet, setting), 1, 125, 2000))], setting.campaign)], "")
    )
    bare = len(
        render_replay(ReplayPage([Scene([run_job(ReplayJob((quiet, setting), 1, 1, 1))], setting.campaign)], ""))
    )
    assert bare + 8 * (len(whole) - bare) < 2_000_000


def test_both_languages_say_the_same_things():
    words = json.loads((Path(replay.__file__).parent / "teaching" / "player" / "words.json").read_text("utf-8"))
    assert set(words) == {"en", "ar"}
    assert set(words["en"]) == set(words["ar"])
    holes = {
        language: {key: sorted(lessons.list_placeholders(text)) for key, text in said.items()}
        for language, said in words.items()
    }
    assert holes["en"] == holes["ar"]
    used = "".join(
        path.read_text("utf-8") for path in (Path(replay.__file__).parent / "teaching" / "player").glob("*.[hj]*")
    )
    for key in re.findall(r'data-(?:word|label)="(\w+)"', used) + re.findall(r'say\("(\w+)"\)', used):
        assert key in words["en"], key
    assert all(f"role_{code}" in words["en"] for code in range(1, len(ROLES)))
    causes = {name: label for name, label in CAUSES.items() if name.startswith("withheld")}
    assert {name: f"withheld: {words['en'][name]}" for name in causes} == causes  # one wording in charts and reports


CASES = {"answer_cases", "variation_cases"}


@pytest.mark.parametrize("name", lessons.NAMES)
def test_a_lesson_is_whole_in_both_languages_and_its_numbers_are_known(name: str, shots: list[ReplayRun]):
    texts = lessons.read_texts(name)
    assert set(texts) == {"en", "ar"}
    found = compute_findings(shots, LIVELY.campaign)
    for language, parts in texts.items():
        assert set(lessons.PARTS) | CASES <= set(parts) <= {*lessons.PARTS, *CASES, "arm_with", "arm_without"}
        for part in CASES:
            assert "when" not in parts[part][-1], "one case fits whatever is found"
            for case in parts[part]:
                assert set(case.get("when", {}).values()) <= {"fell", "rose", "open"}
                assert {name.removeprefix("variation_") for name in case.get("when", {})} <= set(lessons.KINDS)
                assert not re.findall(r"\d|[{}]", case["say"]), "a case has no number"
        assert lessons.list_placeholders(parts["answer"])
        assert any(number.startswith("variation_") for number in lessons.list_placeholders(parts["variation"])), (
            language
        )
        # No result stands in a text: digits there are settings, and those of an answer come from the run.
        assert not re.findall(r"\d", re.sub(r"\{\w+\}", "", parts["answer"]))
    assert lessons.list_placeholders(texts["en"]["answer"]) == lessons.list_placeholders(texts["ar"]["answer"])
    assert lessons.list_placeholders(texts["en"]["variation"]) == lessons.list_placeholders(texts["ar"]["variation"])
    for part in CASES:
        whens = [[case.get("when") for case in texts[language][part]] for language in ("en", "ar")]
        assert whens[0] == whens[1]
    told = lessons.fill_texts(name, found, found)
    assert "{" not in "".join(text for parts in told.values() for text in parts.values())


@pytest.mark.parametrize("name", lessons.NAMES)
def test_what_a_lesson_concludes_is_chosen_by_the_interval(name: str):
    """Beside numbers that tell nothing, no lesson says that something was lost, came from something, or came back."""
    wide = dict.fromkeys(lessons.KINDS, Interval(-50.0, -151.0, 51.0))
    fell, rose = (dict.fromkeys(lessons.KINDS, Interval(v, v - 1.0, v + 1.0)) for v in (-50.0, 50.0))
    texts = {
        key: lessons.fill_texts(name, found, variation)["en"]
        for key, found, variation in (("wide", wide, wide), ("fell", fell, wide), ("rose", rose, wide))
    }
    for part in ("answer", "variation"):
        last = lessons.read_texts(name)["en"][f"{part}_cases"][-1]["say"]
        assert texts["wide"][part].endswith(last)
        assert re.search(r"do not (show|tell)|There is no|show no", last)
        assert not (texts["fell"][part].endswith(last) and texts["rose"][part].endswith(last))


def test_the_sign_of_a_finding_is_that_of_its_whole_interval():
    signs = [lessons.judge_finding(Interval(*numbers)) for numbers in ((-2, -3, -1), (2, 1, 3), (-2, -5, 1), (0, 0, 0))]
    assert signs == ["fell", "rose", "open", "open"]
    assert lessons.judge_finding(Interval(math.nan, math.nan, math.nan)) == "open"
    cases = [{"when": {"a": "fell", "b": "open"}, "say": "x"}, {"when": {"a": "fell"}, "say": "y"}, {"say": "z"}]
    found = {"a": Interval(-2, -3, -1), "b": Interval(2, 1, 3)}
    assert lessons.choose_sentence(cases, found) == ["y"]
    assert lessons.choose_sentence(cases, {"a": found["b"], "b": found["a"]}) == ["z"]
    assert lessons.choose_sentence([], found) == []


def test_every_lesson_has_a_setting_and_every_setting_a_lesson():
    conf = Path(replay.__file__).parents[1] / "conf" / "lesson"
    assert {path.stem for path in conf.glob("*.yaml")} == {*lessons.NAMES, "none"}
    assert {path.stem for path in Path(str(lessons.FOLDER)).glob("*.yaml")} == set(lessons.NAMES)


@pytest.mark.parametrize(
    ("name", "said"), [("seen", "\u2066\u22121.5%\u2069"), ("shift", "\u2066\u22121.5\u2069 points")]
)
def test_a_number_keeps_its_order_in_a_text_from_right_to_left(name: str, said: str):
    found = Interval(-1.5, -2.0, 3.0)
    assert (
        lessons.format_finding(name, found, "en") == f"{said} (95% interval \u2066\u22122.0\u2069 to \u2066+3.0\u2069)"
    )
    arabic = lessons.format_finding(name, found, "ar")
    assert re.search(r"\d", re.sub("\u2066[^\u2069]*\u2069", "", arabic)) is None


def test_a_lesson_names_the_worlds_and_nothing_else():
    told = {"en": {"answer": "all", "arm_with": "a flood"}, "ar": {"answer": "x"}}
    assert comparison.name_arms(told, ["army.size=0"]) == {"en": {"arm_with": "a flood"}, "ar": {}}
    assert comparison.name_arms({}, ["army.size=0"]) == {}
    assert comparison.name_arms({}, ["feed=chronological"])["en"]["arm_without"] == "feed=chronological"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_is_replayed_beside_what_its_story_compares_it_with(scenario: str):
    config = composed("replay", f"scenario={scenario}", "population.size=60")
    (worlds,) = replay.build_scenes(config)
    assert len(worlds) == 2 - (scenario == "quiet")
    assert scenario == "quiet" or worlds[0] != worlds[1]
    words = comparison.name_page(config, {})
    assert ("arm_with" in words["en"]) == (
        scenario not in ("quiet", "flooded_hashtag", "committee_smear", "fallujah_2016")
    )
    assert all(words[language]["title"] == comparison.read_story(config)[key] for language, key in TITLES.items())
    assert re.search("[\u0621-\u064a]", words["ar"]["title"])
    own = composed("replay", f"scenario={scenario}", "population.size=60", 'replay.without=["feed.engagement=0.5"]')
    assert comparison.name_page(own, {})["en"]["arm_without"] == "feed.engagement=0.5"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_has_charts_of_its_own_measures_named_in_both_languages_and_its_time_is_shaded(scenario: str):
    config = composed("replay", f"scenario={scenario}", "population.size=60")
    own, rules = comparison.select_measures(config), replay.build_scenes(config)[0][-1]
    known = [outcome["measure"] for outcome in comparison.read_story(config)["outcomes"]]
    assert own == tuple(measure for measure in dict.fromkeys(known) if measure in own)
    assert len(own) == {"quiet": 0, "protest_day": 1}.get(scenario, 2)
    assert set(own) <= set(World(rules, rng=1).run(1))
    words = json.loads(read_source("words.json"))
    assert all(f"chart_{measure}" in words[language] for measure in own for language in words)
    shaded = comparison.get_time_span(config, rules)
    times = {"committee_smear": (96, 216), "protest_day": (120, 136), "sleepers_unmasked": (0, 264), "quiet": (72, 72)}
    times |= {"extremist_surge": (120, 288), "forum_era": (144, 336), "fallujah_2016": (48, 240)}
    assert (shaded.start, shaded.end) == times.get(scenario, (72, 216))


def test_an_own_measure_has_a_curve_and_a_band_that_is_nan_where_there_is_no_value():
    hours = pd.DataFrame({measure: np.zeros(2) for measure, _ in CURVES.values()})
    seeds = [compute_curves(hours.assign(trust=line), ("trust",)) for line in ([np.nan, 0.5], [np.nan, 0.3])]
    low, high = compute_band(seeds)
    assert np.isnan([low["trust"][0], high["trust"][0]]).all()
    assert [low["trust"][1], high["trust"][1]] == pytest.approx([0.3, 0.5])
    assert "trust" not in compute_curves(hours)


def test_findings_are_second_world_against_first(shots: list[ReplayRun]):
    found = compute_findings(shots, LIVELY.campaign)
    first, second = (pd.concat([shot.histories[place][START:] for shot in shots]) for place in (0, 1))
    assert found["withheld"].value == pytest.approx(
        (second["dissent_withheld"].sum() - first["dissent_withheld"].sum()) / len(shots)
    )
    assert found["unhurt"].value == np.mean([shot.bystander_withheld[1] - shot.bystander_withheld[0] for shot in shots])
    same = compute_findings(
        [shot._replace(histories=shot.histories[:1] * 2, bystander_withheld=(3, 3)) for shot in shots], LIVELY.campaign
    )
    assert {float(value) for finding in same.values() for value in finding} == {0.0}


SMALL = ["population.size=80", "army.size=8", "ticks=40", "campaign.start=10", "campaign.hours=20", "workers=1"]


def test_a_lesson_is_played_and_its_answer_holds_the_numbers_of_this_run(
    command_line: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    command_line(*SMALL, "lesson=flood", "seeds=2", "out=lesson")
    play_app("replay", replay.main)
    page = (tmp_path / "lesson" / "replay.html").read_text("utf-8")
    about, arrays = unpacked(page)
    hours = pd.read_parquet(tmp_path / "lesson" / "ticks.parquet")
    assert len(hours) == 2 * 2 * 2 * 40
    during = hours[(hours["scene"] == 0) & hours["tick"].between(10, 29)]
    seen = during.groupby(["seed", "arm"])["dissent_impressions"].sum().unstack()
    value = (100 * (seen["with"] / seen["without"] - 1)).mean()
    number = f"{abs(value):.1f}%"
    words = json.loads(re.search(r'<script id="words"[^>]*>(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert (words["en"]["answer"], words["en"]["setting"]) == (
        "Answer",
        "Setting:",
    )  # what folds the answer is no answer
    assert number in lessons.strip_marks(about["lesson"]["en"]["answer"])
    assert number in lessons.strip_marks(about["lesson"]["ar"]["answer"])
    assert number in capsys.readouterr().out
    assert len(about["scenes"]) == 2
    assert arrays["1/1/low/voice"].shape == (40,)


def test_a_run_writes_a_replay_if_asked(command_line: Callable[..., None], tmp_path: Path):
    command_line(*SMALL[:-1], "out=one", "seeds=2", "replay=true")
    app("run", run.main)
    about, arrays = unpacked((tmp_path / "one" / "replay.html").read_text("utf-8"))
    assert [world["arm"] for world in about["scenes"][0]["worlds"]] == ["only"]
    ticks = pd.read_parquet(tmp_path / "one" / "ticks.parquet").query("seed == 1")
    assert arrays["0/0/curves/voice"][-1] == pytest.approx(ticks["dissent_posts"].iloc[-24:].sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay.language=fr"], "replay.language=fr is unknown: choose one of: ar, en"),
        (["replay.people=0"], "replay.people=0 must be a whole number from 1"),
        (["replay.people=5001"], "replay.people=5001 must be from 1 to 5000: a page has room for no more dots"),
        (["replay.without=[x]"], "replay.without[0]=x must be KEY=VALUE or GROUP=CHOICE"),
        (
            ['replay.variation=["arm.size=0"]'],
            "replay.variation has arm.size=0, which names no key: did you mean army.size or army.shift or army.jitter?",
        ),
        (["replay.lesson=fload"], "replay.lesson=fload is unknown: did you mean flood?"),
        (
            ["lesson=flood", "replay.variation=[]"],
            "a lesson needs its own comparison: leave replay.without and replay.variation as lesson=NAME sets them",
        ),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], said: str, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
):
    command_line(*SMALL, *words)
    with pytest.raises(SystemExit) as leave:
        play_app("replay", replay.main)
    assert leave.value.code == 2
    line = capfd.readouterr().err
    assert line.startswith(said)
    assert line.count("\n") == 1
