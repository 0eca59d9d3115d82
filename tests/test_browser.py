"""Pages in a real browser: they play, say what the same seed says without one, and nothing is wrong in the console."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.teaching.curves import compute_curves
from experiments.teaching.findings import compute_findings
from experiments.teaching.lessons import fill_texts
from experiments.teaching.replay import ReplayPage, Scene, write_replay
from experiments.teaching.replay_runs import ReplayJob, ReplayRun, run_job
from sim.world import World
from tests.worlds import LIVELY, START, lively

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make install")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TICKS = START + 36
PATIENCE = 120_000  #: milliseconds

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page on which an error is a failure, and so is anything from another machine."""
    page, wrong = browser.new_page(viewport={"width": 1280, "height": 900}), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    own = ("http://127.0.0.1", "ws://127.0.0.1", "file://", "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(scope="module")
def shots() -> list[list[ReplayRun]]:
    pairs = [(lively(campaign={"tactics": ()}), LIVELY), (lively(campaign={"tactics": ()}),) * 2]
    return [[run_job(ReplayJob(pair, seed, TICKS, 0 if seed > 5 else 150)) for seed in (5, 6)] for pair in pairs]


@pytest.fixture(scope="module")
def replayed(shots: list[list[ReplayRun]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "replay.html"
    found, variation = (compute_findings(each, LIVELY.campaign) for each in shots)
    scenes = [Scene(each, LIVELY.campaign) for each in shots]
    write_replay(ReplayPage(scenes, "python -m experiments.replay", lesson=fill_texts("flood", found, variation)), path)
    return path


def until(tab: Any, true: str) -> None:
    """Wait until an expression is true; the page's own policy forbids it to evaluate texts, so it is asked here."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not tab.evaluate(f"Boolean({true})"):
        assert time.monotonic() < deadline, f"not within {PATIENCE // 1000} s: {true}"
        tab.wait_for_timeout(30)


def opened(tab: Any, path: Path) -> Any:
    tab.goto(path.as_uri())
    until(tab, "window.replay !== undefined")
    return tab


def expected(history: Any, hour: int) -> dict[str, float]:
    lines = {name: float(line[hour]) for name, line in compute_curves(history).items()}
    withheld = sum(value for name, value in lines.items() if name.startswith("withheld_"))
    return {"voice": lines["voice"], "seen": lines["seen"], "climate": lines["climate"], "withheld": withheld}


def same(read: dict[str, list[float]], histories: Any, hour: int) -> None:
    for place, history in enumerate(histories):
        for chart, value in expected(history, hour).items():
            assert read[chart][place] == pytest.approx(value, rel=1e-5, abs=1e-5), chart


@pytest.mark.slow
@pytest.mark.parametrize("hour", [0, START, TICKS - 1])
def test_a_replay_shows_the_values_of_the_run(tab: Any, replayed: Path, shots: list[list[ReplayRun]], hour: int):
    opened(tab, replayed)
    tab.evaluate(f"replay.seek({hour})")
    same(tab.evaluate("replay.readout()"), shots[0][0].histories, hour)
    shown = tab.locator("output[data-chart=voice][data-arm=with]").inner_text()
    value = expected(shots[0][0].histories[1], hour)["voice"]
    assert float(shown.replace("k", "")) == pytest.approx(value, abs=0.5)


@pytest.mark.slow
def test_a_replay_plays_scrubs_and_changes_scene_and_language(tab: Any, replayed: Path, shots: list[list[ReplayRun]]):
    opened(tab, replayed)
    tab.select_option("#speed", "48")
    tab.click("#play")
    until(tab, "replay.t > 20")
    tab.keyboard.press("Escape")
    tab.click("#play")
    assert not tab.evaluate("replay.playing")
    tab.fill("#hour", "40")
    assert tab.evaluate("replay.t") == 40
    tab.click("[data-scene='1']")
    same(tab.evaluate("replay.readout(40)"), shots[1][0].histories, 40)
    assert tab.evaluate("document.documentElement.dir") == "ltr"
    tab.click("#language")
    assert tab.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    assert "كيف" in tab.locator("#title").inner_text()
    tab.locator("#lesson summary").click()
    assert "{" not in tab.locator("#lesson-answer").inner_text()


@pytest.mark.slow
def test_the_keyboard_does_it_all(tab: Any, replayed: Path):
    opened(tab, replayed)
    for key, hour in (("End", TICKS - 1), ("ArrowLeft", TICKS - 2), ("Shift+ArrowLeft", TICKS - 26), ("Home", 0)):
        tab.keyboard.press(key)
        assert tab.evaluate("replay.t") == hour
    tab.keyboard.press("t")
    assert tab.is_checked("#truth")
    tab.keyboard.press("l")
    assert tab.evaluate("replay.language") == "ar"
    tab.keyboard.press(" ")
    assert tab.evaluate("replay.playing")
    unnamed = tab.evaluate(
        "[...document.querySelectorAll('button, input, select, canvas')]"
        ".filter(one => !one.getAttribute('aria-label') && !one.textContent.trim() && !one.closest('label')).length"
    )
    assert unnamed == 0
    tab.keyboard.press("Escape")
    tab.evaluate("replay.play(false)")
    tab.locator("#stages canvas").first.focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#who[aria-live=polite]").inner_text().startswith("#")
    assert tab.locator("output:not([aria-live=off])").count() == 0  # or every hour that plays would be read aloud


@pytest.mark.slow
def test_playing_from_the_first_hour_never_goes_before_it(tab: Any, replayed: Path):
    opened(tab, replayed)
    tab.evaluate("performance.now = (was => () => was() + 1000)(performance.now.bind(performance))")  # frames lag
    tab.evaluate("replay.choose(3); replay.play()")
    until(tab, "replay.t > 0")


@pytest.mark.slow
def test_only_the_truth_tells_what_nobody_outside_can_see(tab: Any, replayed: Path, shots: list[list[ReplayRun]]):
    opened(tab, replayed)
    tab.evaluate(f"replay.seek({TICKS - 1})")
    film = shots[0][0].films[1]
    organised = int(np.flatnonzero(film.role == 1)[0])
    tab.evaluate(f"replay.place = 1; replay.choose({organised})")
    assert "army" not in tab.locator("#who").inner_text()
    tab.check("#truth")
    assert "army" in tab.locator("#who").inner_text()
    tab.evaluate("replay.choose(3)")
    assert f"fear {round(100 * int(film.frames[-1].fear[3]) / 31)}%" in tab.locator("#who").inner_text()


# The live page

SERVED = pytest.mark.filterwarnings("ignore")  # of the server's own packages; ours are errors in tests/test_live.py


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("solara", reason="solara is not installed: make install")
    from experiments.demo import LOOPBACK, make_server

    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    serving = make_server(LOOPBACK, port)
    from solara.server import settings

    settings.kernel.cull_timeout = "1s"  # the environment is read once, maybe by an earlier test
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE / 1000
    while not serving.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://{LOOPBACK}:{port}"
    serving.should_exit = True
    thread.join(10)


def sessions() -> int:
    return sum(thread.name == "session" for thread in threading.enumerate())


def freed() -> bool:
    """Wait until no page has a world any more."""
    deadline = time.monotonic() + 60
    while sessions() and time.monotonic() < deadline:
        time.sleep(0.2)
    return sessions() == 0


def choose(tab: Any, label: str, value: str) -> None:
    """Choose an item of one of Vuetify's lists."""
    tab.get_by_label(label).first.click(force=True)
    tab.locator(".v-menu__content.menuable__content__active .v-list-item", has_text=value).first.click()


def enter(tab: Any, label: str, value: int) -> None:
    shown = tab.evaluate("live.shown")
    tab.get_by_label(label, exact=True).fill(str(value))
    tab.get_by_label(label, exact=True).press("Enter")
    until(tab, f"live.shown > {shown} && live.hours == 1")


def visit(tab: Any, address: str) -> None:
    tab.goto(address)
    until(tab, "window.live && live.scenes.length && live.hours")


@SERVED
def test_a_live_world_plays_forks_and_changes_as_the_same_seed_without_a_page(
    tab: Any, address: str, monkeypatch: pytest.MonkeyPatch
):
    from experiments.teaching.live import bands
    from experiments.teaching.live.choice import Choice, get_setting

    monkeypatch.setattr(bands, "SEEDS", 0)  # the slow test below sees them
    assert freed()
    visit(tab, address)
    assert sessions() == 1
    enter(tab, "people", 150)
    enter(tab, "army, accounts", 20)
    choice = Choice(people=150, army=20)

    tab.click("#play")
    until(tab, "live.hours > 80")
    tab.click("#play")
    until(tab, "!live.playing")
    early = tab.evaluate("live.readout(10)")
    same(early, [World(get_setting(choice), rng=1).run(11)], 10)

    tab.get_by_role("button", name="fork: without the operation").click()
    until(tab, "live.scenes[0].worlds.length === 2")
    hours = tab.evaluate("live.hours")
    tab.get_by_role("button", name="step").click()
    until(tab, f"live.hours === {hours + 1}")
    worlds = [World(get_setting(each), rng=1).run(hours + 1) for each in (choice._replace(tactics=()), choice)]
    same(tab.evaluate("live.readout()"), worlds, hours)
    assert tab.locator("#stream li").count() > 3

    tab.click("#language")
    until(tab, "document.documentElement.dir === 'rtl'")
    tab.get_by_role("button", name="من البداية").wait_for(timeout=PATIENCE)
    tab.click("#language")
    shown = tab.evaluate("live.shown")
    tab.get_by_label("scenario").first.wait_for(timeout=PATIENCE)
    field = tab.get_by_label("people", exact=True)
    for text in ("many", "", "-5", "50001"):
        field.fill(text)
        field.press("Enter")
        tab.get_by_text(f"people={text} must be a whole number from 1 to 50000", exact=True).wait_for(timeout=PATIENCE)
    enter(tab, "people", 150)
    assert tab.locator(".v-alert").count() == 0
    shown = tab.evaluate("live.shown")
    choose(tab, "scenario", "quiet")
    until(tab, f"live.shown > {shown} && live.hours === 1")
    tab.get_by_role("button", name="step").click()
    until(tab, "live.hours === 2")
    quiet = World(get_setting(choice._replace(scenario="quiet", army=0)), rng=1).run(2)
    same(tab.evaluate("live.readout()"), [quiet], 1)
    assert tab.get_by_label("army, accounts", exact=True).input_value() == "0"
    assert tab.get_by_role("button", name="fork").is_disabled()

    tab.goto("about:blank")
    assert freed()


@pytest.mark.slow
@SERVED
def test_a_scenario_without_an_army_is_forked_from_what_its_story_compares_it_with(
    tab: Any, address: str, monkeypatch: pytest.MonkeyPatch
):
    from experiments.teaching.live import bands
    from experiments.teaching.live.choice import Choice, build_setup, get_scenario_fields

    monkeypatch.setattr(bands, "SEEDS", 0)
    visit(tab, address)
    enter(tab, "people", 150)
    shown = tab.evaluate("live.shown")
    choose(tab, "scenario", "committee_smear")
    until(tab, f"live.shown > {shown} && live.hours === 1")
    assert tab.get_by_label("army, accounts", exact=True).input_value() == "0"
    tab.click("#play")
    until(tab, "live.hours > 130")
    tab.click("#play")
    until(tab, "!live.playing")
    tab.get_by_role("button", name="fork: without the operation").click()
    until(tab, "live.scenes[0].worlds.length === 2")
    hours = tab.evaluate("live.hours")
    choice = Choice(scenario="committee_smear", people=150, **get_scenario_fields("committee_smear"))
    histories = [World(each, rng=1).run(hours) for each in build_setup(choice).settings]
    read = tab.evaluate("live.readout()")
    same(read, histories, hours - 1)
    lines = [compute_curves(history, ["targeted_credibility"])["targeted_credibility"][-1] for history in histories]
    assert read["targeted_credibility"] == pytest.approx([float(value) for value in lines], rel=1e-5)
    assert lines[0] > lines[1] + 0.05
    assert "believed" in tab.locator("#charts").inner_text()
    tab.click("#language")
    until(tab, "document.documentElement.dir === 'rtl'")
    assert "مدى تصديق الناس لمن يُشوَّه" in tab.locator("#charts").inner_text()
    tab.click("#language")
    shown = tab.evaluate("live.shown")
    tab.get_by_label("scenario").first.wait_for(timeout=PATIENCE)
    choose(tab, "scenario", "protest_day")
    until(tab, f"live.shown > {shown} && live.hours === 1")
    tab.get_by_role("button", name="fork: without it").click()
    until(tab, "live.scenes[0].worlds.length === 2")
    assert "A day of protest without any operation" in tab.locator("#stages").inner_text()


@pytest.mark.slow
@SERVED
def test_a_band_of_eight_seeds_is_that_of_eight_pairs_played_alone(tab: Any, address: str):
    from experiments.teaching.curves import BANDED, compute_band
    from experiments.teaching.live.bands import SEEDS, simulate_pair
    from experiments.teaching.live.choice import Choice

    visit(tab, address)
    enter(tab, "people", 100)
    enter(tab, "army, accounts", 10)
    choose(tab, "defence", "rate_limit")
    assert "one draw" in tab.locator("#band").inner_text()
    until(tab, f"live.about.seeds === {SEEDS}")
    assert f"highest of {SEEDS} seeds" in tab.locator("#band").inner_text()
    choice = Choice(people=100, army=10, defence="rate_limit")
    pairs = [simulate_pair(choice._replace(seed=seed)) for seed in range(1, SEEDS + 1)]
    tab.get_by_role("button", name="fork: without the operation").click()
    until(tab, "live.scenes[0].worlds.length === 2 && live.scenes[0].worlds[0].low.voice")
    for arm in (0, 1):
        low, high = compute_band([both[arm] for both in pairs])
        for name in BANDED:
            for end, lines in (("low", low), ("high", high)):
                shown = tab.evaluate(f"live.scenes[0].worlds[{arm}].{end}.{name}")
                assert np.allclose(shown, lines[name], rtol=1e-3, atol=1e-3), (arm, name, end)


@pytest.mark.slow
@SERVED
def test_above_5000_people_the_page_counts_in_hexagons_and_says_that_there_is_no_band(tab: Any, address: str):
    from experiments.teaching.live.choice import Choice, get_setting

    visit(tab, address)
    assert tab.locator("#hexagons").is_hidden()
    enter(tab, "people", 5200)
    assert tab.evaluate("live.stages[0].binned")
    assert "Above 5000 accounts" in tab.locator("#hexagons").inner_text()
    assert "No bands above 5000 people" in tab.locator("#band").inner_text()
    tab.get_by_role("button", name="step").click()
    until(tab, "live.hours === 2")
    same(tab.evaluate("live.readout()"), [World(get_setting(Choice(people=5200)), rng=1).run(2)], 1)
    coloured = (
        "[...live.stages[0].pen.getImageData(0, 0, live.stages[0].canvas.width, live.stages[0].canvas.height).data]"
        ".filter((value, place) => place % 4 === 3 && value > 200).length"
    )
    assert tab.evaluate(coloured) > 100
    shown = tab.evaluate("live.shown")
    choose(tab, "scenario", "quiet")  # 5,000 people are shown, and nobody organised
    until(tab, f"live.shown > {shown} && live.hours === 1")
    assert tab.evaluate("live.stages[0].binned")
    tab.click("#language")
    until(tab, "document.documentElement.dir === 'rtl'")
    assert "5000" in tab.locator("#hexagons").inner_text()
    assert "{" not in tab.locator("#hexagons").inner_text() + tab.locator("#band").inner_text()
    tab.get_by_label("الناس", exact=True).fill("150")
    tab.get_by_label("الناس", exact=True).press("Enter")
    until(tab, "live.hours === 1 && !live.stages[0].binned")
    assert tab.locator("#hexagons").is_hidden()


@pytest.mark.slow
@SERVED
def test_ten_pages_at_once_show_each_its_own_world_and_free_it_when_closed(
    browser: Any, address: str, monkeypatch: pytest.MonkeyPatch
):
    from experiments.teaching.live import bands
    from experiments.teaching.live.choice import Choice, get_setting

    monkeypatch.setattr(bands, "SEEDS", 0)
    assert freed()  # of the pages of the tests before
    with browser.new_context() as class_:
        tabs = [class_.new_page() for _ in range(10)]
        for seed, page in enumerate(tabs, 2):
            visit(page, address)
            enter(page, "people", 100)
            enter(page, "seed", seed)
        assert sessions() == 10
        for page in tabs:
            page.get_by_role("button", name="step").click()
        for seed, page in enumerate(tabs, 2):
            until(page, "live.hours === 2")
            same(
                page.evaluate("live.readout()"), [World(get_setting(Choice(people=100, seed=seed)), rng=seed).run(2)], 1
            )
    assert freed()


@pytest.mark.slow
@SERVED
def test_labels_and_texts_of_the_live_page_stand_right_in_arabic(tab: Any, address: str):
    visit(tab, address)
    tab.click("#language")
    until(tab, "document.documentElement.dir === 'rtl'")
    tab.get_by_role("button", name="من البداية").wait_for(timeout=PATIENCE)
    boxes = tab.evaluate(
        "[...document.querySelectorAll('.v-text-field')].map(field => ({label: field.querySelector('.v-label')"
        ".getBoundingClientRect().right, field: field.getBoundingClientRect().right}))"
    )
    assert len(boxes) == 7
    assert all(abs(box["label"] - box["field"]) < 15 for box in boxes), boxes


def test_one_world_s_line_is_drawn_in_a_colour_of_its_own(tab: Any, shots: list[list[ReplayRun]], tmp_path: Path):
    one = [shots[0][0]._replace(films=shots[0][0].films[1:], histories=shots[0][0].histories[1:])]
    write_replay(
        ReplayPage([Scene(one, LIVELY.campaign)], "python -m experiments.run replay=true"), tmp_path / "replay.html"
    )
    opened(tab, tmp_path / "replay.html")
    tab.evaluate(f"replay.seek({TICKS - 1})")
    orange = (
        "(canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
        ".filter((value, place, all) => place % 4 === 0 && value > 180 && all[place + 2] < 60 && all[place + 3] > 200)"
        ".length)(document.querySelector('figure.chart canvas'))"
    )
    assert tab.evaluate(orange) > 50
