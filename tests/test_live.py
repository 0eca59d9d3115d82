"""Sessions of the live page: what they show is the world, they never outrun the page, and they share nothing."""

import asyncio
import gc
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import demo
from experiments.teaching.changes import CHANGES
from experiments.teaching.comparison import build_settings
from experiments.teaching.curves import compute_curves
from experiments.teaching.film import number_accounts as names_of
from experiments.teaching.live import picture
from experiments.teaching.live.choice import Choice, build_setup, get_scenario_fields, get_setting, list_choices
from experiments.teaching.live.own_origin import OwnOrigin
from experiments.teaching.live.session import Session, SessionCallbacks
from sim.errors import InputError
from sim.platform import home
from sim.state.posts import REPOST
from sim.state.truth import GENUINE
from sim.world import World
from tests.conftest import ROOT
from tests.test_conf import composed

SMALL = Choice(people=120, army=12, seed=3)
PATIENCE = 120.0


class Page:
    """A page that draws nothing and answers when it is told to."""

    def __init__(self) -> None:
        self.casts: Queue[dict[str, Any]] = Queue()
        self.pictures: Queue[picture.HourPicture] = Queue()
        self.playing: list[bool] = []
        self.trouble: Queue[str] = Queue()
        shows = SessionCallbacks(self.casts.put, self.pictures.put, self.playing.append, self.trouble.put)
        self.session = Session(shows)

    def report_drawn(self) -> picture.HourPicture:
        """Wait for the next picture and say that it is drawn."""
        shown = self.pictures.get(timeout=PATIENCE)
        self.session.report_drawn(shown.number)
        return shown


@pytest.fixture
def page() -> Iterator[Page]:
    shown = Page()
    yield shown
    shown.session.close()


def played(choice: Choice, hours: int) -> pd.DataFrame:
    return World(get_setting(choice), rng=choice.seed).run(hours)


def test_a_picture_waits_until_the_one_before_is_drawn(page: Page):
    page.session.reset(SMALL)
    page.session.play(True)
    first = page.pictures.get(timeout=PATIENCE)
    with pytest.raises(Empty):
        page.pictures.get(timeout=0.3)
    page.session.report_drawn(first.number + 7)  # some other picture
    with pytest.raises(Empty):
        page.pictures.get(timeout=0.2)
    page.session.report_drawn(first.number)
    assert page.pictures.get(timeout=PATIENCE).hour == first.hour + 1
    assert page.playing == [False, True]


def test_what_is_shown_is_the_world_played_alone(page: Page):
    page.session.reset(SMALL)
    page.session.play(True)
    shown = [page.report_drawn() for _ in range(30)]
    expected = compute_curves(played(SMALL, 30))
    assert [each.hour for each in shown] == list(range(1, 31))
    for name, line in expected.items():
        got = [each.worlds[0]["curves"][name] for each in shown]
        assert np.allclose([np.nan if value is None else value for value in got], line, equal_nan=True, rtol=1e-5), name


@pytest.mark.parametrize("at", [3, 80])
def test_a_fork_stands_at_the_same_hour_and_is_the_run_it_stands_for(page: Page, at: int):
    page.session.reset(SMALL)
    assert len(page.casts.get(timeout=PATIENCE)["worlds"]) == 1
    page.session.play(True)
    for _ in range(at):
        page.report_drawn()
    page.session.play(False)
    page.session.fork()
    cast = page.casts.get(timeout=PATIENCE)
    assert [world["arm"] for world in cast["worlds"]] == ["without", "with"]
    assert len({len(world["frames"]) for world in cast["worlds"]}) == 1
    hours = len(cast["worlds"][0]["frames"])
    for world, choice in zip(cast["worlds"], (SMALL._replace(tactics=()), SMALL), strict=True):
        line = compute_curves(played(choice, hours))["voice"]
        assert np.allclose(world["curves"]["voice"], line, rtol=1e-5)
    assert "lost" not in cast["worlds"][0]["curves"]
    assert all(len(cast["worlds"][1]["curves"][change]) == hours for change in CHANGES)


def of(scenario: str, **further: Any) -> Choice:
    return SMALL._replace(scenario=scenario, **{**get_scenario_fields(scenario), **further})


@pytest.mark.parametrize("scenario", [name for name in list_choices("scenario") if name != "quiet"])
def test_a_fork_is_the_world_with_which_the_story_compares_the_scenario(page: Page, scenario: str):
    choice = of(scenario)
    config = composed("replay", f"scenario={scenario}", f"population.size={choice.people}")
    rules = [each.replace({"campaign.tactics": choice.tactics}) for each in build_settings(config)]
    assert list(build_setup(choice).settings) == rules
    assert rules[0] != rules[1]
    page.session.reset(choice)
    assert page.casts.get(timeout=PATIENCE)["fork"]
    page.session.play(True)
    for _ in range(12):
        page.report_drawn()
    page.session.play(False)
    page.session.fork()
    cast = page.casts.get(timeout=PATIENCE)
    assert not cast["fork"]
    hours = len(cast["worlds"][0]["frames"])
    for world, each in zip(cast["worlds"], rules, strict=True):
        line = compute_curves(World(each, rng=choice.seed).run(hours), cast["own"])
        for name in ("voice", *cast["own"]):
            got = [np.nan if value is None else value for value in world["curves"][name]]
            assert np.allclose(got, line[name], rtol=1e-5, equal_nan=True), name


def test_worlds_that_differ_in_something_else_than_a_campaign_part_when_that_begins():
    one, two = (pd.DataFrame(World(each, rng=3).run(130)) for each in build_setup(of("committee_smear")).settings)
    assert one[:96].equals(two[:96])
    assert one["targeted_credibility"].iloc[-1] > two["targeted_credibility"].iloc[-1] + 0.05


def test_a_world_with_nobody_organised_has_no_other_and_an_army_that_is_added_is_silent_in_it(page: Page):
    page.session.reset(of("quiet"))
    assert not page.casts.get(timeout=PATIENCE)["fork"]
    page.session.fork()
    page.session.step()
    page.report_drawn()
    assert page.casts.empty()
    for scenario in ("quiet", "committee_smear"):
        silent, loud = build_setup(of(scenario, army=12)).settings
        assert (silent.campaign.intensity, loud.campaign.intensity) == (0.0, 1.0)
        assert silent.army == loud.army
    assert build_setup(of("quiet", army=12)).time.hours > 0 == build_setup(of("quiet")).time.hours


def test_ten_sessions_share_nothing_and_end_with_their_pages():
    before = threading.active_count()
    choices = [SMALL._replace(seed=seed, people=60) for seed in range(10)]
    pages = [Page() for _ in choices]
    for shown, choice in zip(pages, choices, strict=True):
        shown.session.reset(choice)
        shown.session.play(True)
    last = [[shown.report_drawn() for _ in range(12)][-1] for shown in pages]
    for choice, shown in zip(choices, last, strict=True):
        assert shown.worlds[0]["curves"]["voice"] == pytest.approx(
            float(compute_curves(played(choice, 12))["voice"][-1])
        )
    for shown in pages:
        shown.session.close()
        assert shown.session.worlds == []
    deadline = time.monotonic() + PATIENCE
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_closed_session_gives_back_its_worlds_and_its_workspace():
    held: list[weakref.ref[Any]] = []
    drawn: Queue[int] = Queue()

    def shows(shown: picture.HourPicture) -> None:  # called in the session's thread, where its workspace is
        if not held:
            held.extend([weakref.ref(home._KEPT.workspace.row), *map(weakref.ref, session.worlds)])
        drawn.put(shown.number)

    session = Session(SessionCallbacks(lambda cast: None, shows, lambda on: None, lambda said: None))
    session.reset(SMALL)
    drawn.get(timeout=PATIENCE)
    assert len(held) == 2
    assert all(one() is not None for one in held)
    session.close()
    gc.collect()
    assert [one() for one in held] == [None, None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scenario": "quit"}, "scenario quit is unknown: did you mean quiet?"),
        ({"moderation": "__import__('os')"}, "moderation __import__('os') is unknown"),
        ({"defence": "rate_limits"}, "defence rate_limits is unknown: did you mean rate_limit or reply_limit?"),
        ({"tactics": ("smear it",)}, "tactic smear it is unknown"),
        ({"people": 0}, "people=0 must be a whole number from 1 to 50000"),
        ({"army": -1}, "army=-1 must be a whole number from 0 to 2000"),
        ({"seed": "1+1"}, "seed=1+1 must be a whole number from 0 to 1000000"),
        ({"people": True}, "people=True must be a whole number from 1 to 50000"),
    ],
)
def test_a_choice_that_can_not_be_is_one_line_and_the_world_stays(page: Page, change: dict[str, Any], said: str):
    with pytest.raises(InputError) as refused:
        get_setting(SMALL._replace(**change))
    assert str(refused.value).startswith(said)
    page.session.reset(SMALL)
    assert page.trouble.get(timeout=PATIENCE) == ""
    page.report_drawn()
    page.session.reset(SMALL._replace(**change))
    assert page.trouble.get(timeout=PATIENCE).startswith(said)
    page.session.step()
    assert page.report_drawn().hour == 2


@pytest.mark.parametrize(
    ("scenario", "defence"), list(zip(cycle(list_choices("scenario")), list_choices("defence"), strict=False))
)
def test_every_scenario_and_every_defence_can_be_chosen(scenario: str, defence: str):
    chosen = get_setting(SMALL._replace(scenario=scenario, defence=defence))
    rules = [type(rule).__name__.lower() for rule in (*chosen.defences, *chosen.forces)]
    assert defence == Choice().defence or defence.replace("_", "") in rules
    assert chosen.population.size == 120


def test_all_scenarios_are_among_them_and_so_are_ten_defences():
    assert len(list_choices("scenario")) <= len(list_choices("defence")) == 11


def test_the_stream_holds_what_stands_and_suspects_are_those_who_repost_together():
    world = World(get_setting(SMALL._replace(army=40)).replace({"campaign.dose": "saturation"}), rng=1)
    world.run(90)
    posts, listed = world.state.ledger.get_rows(), picture.list_posts(world)
    assert len(listed) == picture.POSTS
    standing = [
        (int(a), int(k))
        for a, k, t, gone in zip(posts.author, posts.key, posts.topic, posts.removed, strict=True)
        if t == 0 and not gone
    ]
    called = names_of(world, np.arange(len(world.role))).tolist()
    assert [post["author"] for post in listed] == [called[author] for author, _ in standing[::-1][: picture.POSTS]]
    suspects = picture.list_suspects(world)
    assert suspects
    assert [one["score"] for one in suspects] == sorted((one["score"] for one in suspects), reverse=True)
    acts = zip(posts.author, posts.root, posts.time, posts.kind == REPOST, posts.removed, strict=True)
    reposts = [(int(a), int(root), int(t)) for a, root, t, repost, gone in acts if repost and not gone]
    for one in suspects:
        row = called.index(one["account"])
        assert one["organised"] == (world.state.truth.role[row] not in GENUINE)
        mine = [(root, t) for a, root, t in reposts if a == row]
        met = Counter(a for a, root, t in reposts for r, at in mine if a != row and root == r and abs(t - at) <= 60)
        assert one["score"] == sum(times for times in met.values() if times > 1)


POOLED = """
import os, time
from experiments.teaching.live.bands import get_pool

if __name__ == "__main__":
    print(get_pool().submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="asks for a process by a signal")
def test_a_server_that_is_killed_leaves_no_worker_behind(tmp_path: Path):
    (tmp_path / "pooled.py").write_text(POOLED)
    paths = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "pooled.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | paths) as server:
        assert server.stdout
        worker = int(server.stdout.readline())
        server.kill()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                os.kill(worker, 0)
                if Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z":
                    return  # ended, and nobody has asked
            except (ProcessLookupError, FileNotFoundError):
                return
            time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker outlives its server")


@pytest.mark.filterwarnings("ignore")  # of the server's own packages
def test_only_this_machine_sees_the_page_unless_told_otherwise():
    assert demo.make_parser().parse_args([]).host == "127.0.0.1" == demo.LOOPBACK
    pytest.importorskip("solara", reason="solara is not installed: make install")
    assert demo.make_server(demo.LOOPBACK, 8765).config.host == "127.0.0.1"


OWN = {"host": "localhost:8765", "origin": "http://localhost:8765"}


@pytest.mark.parametrize(
    "host", ["localhost:8765", "127.0.0.1:8765", "127.0.0.5", "[::1]:8765", "LOCALHOST", "localhost."]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_page_is_answered_under_every_name_of_this_machine(kind: str, host: str):
    assert is_answered(kind, {"host": host, "origin": f"http://{host}"})
    assert is_answered("http", {"host": host})


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("http", {"origin": "https://evil.example"}),
        ("http", {"origin": "http://localhost:3000"}),  # another server here
        ("http", {"origin": "null"}),
        ("http", {"host": "evil.example:8765", "origin": "http://evil.example:8765"}),  # a name that was rebound
        ("http", {"host": "evil.example", "origin": ""}),
        ("http", {"host": "localhost.evil.example"}),
        ("http", {"host": "127.0.0.1.evil.example"}),
        ("http", {"host": "localhost@evil.example"}),
        ("http", {"host": "[::1"}),
        ("http", {"host": ""}),
        ("http", {"origin": "", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}),
        (
            "http",
            {"origin": "", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        ),
        ("http", {"origin": "", "sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}),
        ("websocket", {"origin": "https://evil.example"}),
        ("websocket", {"origin": "http://localhost:3000"}),
        ("websocket", {"origin": ""}),
        ("websocket", {"host": "evil.example", "origin": "http://evil.example"}),
    ],
)
def test_another_site_a_rebound_name_and_a_socket_from_elsewhere_are_refused(kind: str, headers: dict[str, str]):
    assert not is_answered(kind, {name: value for name, value in (OWN | headers).items() if value})


def test_a_link_from_another_site_may_be_followed():
    told = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert is_answered("http", {"host": "localhost:8765"} | told)


def test_a_page_for_others_has_an_address_and_no_foreign_name():
    for host, answered in (("192.168.1.7:8765", True), ("evil.example", False), ("lab.example", True)):
        assert is_answered("http", {"host": host, "origin": f"http://{host}"}, "lab.example") == answered
        assert not is_answered("http", {"host": host, "origin": f"http://{host}"})


def is_answered(kind: str, headers: dict[str, str], listens: str = demo.LOOPBACK) -> bool:
    """Return whether a request reaches the application; one that does not must be refused."""
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(OwnOrigin(app, listens)({"type": kind, "headers": told}, receive, send))
    refusals = [[], ["websocket.close"], ["http.response.start", "http.response.body"]]
    assert [message["type"] for message in sent] in (refusals[:1] if reached else refusals[1:])
    return bool(reached)


@pytest.mark.filterwarnings("ignore")  # of the server's own packages
def test_the_server_refuses_what_is_not_its_own():
    pytest.importorskip("solara", reason="solara is not installed: make install")
    listener = demo.open_socket(demo.LOOPBACK, 0)
    port = listener.getsockname()[1]
    server = demo.make_server(demo.LOOPBACK, port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    found: dict[tuple[str, str | None], int] = {}
    for host, origin in (
        (f"127.0.0.1:{port}", None),
        ("evil.example", None),
        (f"127.0.0.1:{port}", "http://evil.example"),
    ):
        connection = http.client.HTTPConnection(demo.LOOPBACK, port, timeout=PATIENCE)
        connection.request("GET", "/readyz", headers={"Host": host, **({"Origin": origin} if origin else {})})
        found[host, origin] = connection.getresponse().status
        connection.close()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    for origin in ("http://evil.example", f"http://127.0.0.1:{port}"):
        connection = http.client.HTTPConnection(demo.LOOPBACK, port, timeout=PATIENCE)
        connection.request("GET", "/jupyter/api/kernels/1/channels?session_id=1", headers=upgrade | {"Origin": origin})
        found["socket", origin] = connection.getresponse().status
        connection.close()
    server.should_exit = True
    thread.join(PATIENCE)
    assert list(found.values()) == [200, 403, 403, 403, 101]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "seven"], "argument --port: invalid int value: 'seven': see python -m experiments.demo --help"),
        (["--prot", "9000"], "unrecognized arguments: --prot 9000: see python -m experiments.demo --help"),
        (["--port", "65536"], "--port 65536 is no port: say one from 1024 to 65535"),
        (["--port", "-1"], "--port -1 is no port"),
        (["--host", "not an address"], "nobody can listen at --host not an address --port 8765: leave --host out"),
        (["--port", "TAKEN"], "port TAKEN is taken, maybe by a page that still runs: end that one, or say --port"),
    ],
)
def test_a_command_line_that_can_not_be_is_one_line_and_ends_with_2(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with demo.open_socket(demo.LOOPBACK, 0) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setattr("sys.argv", ["demo", "--no-open", *(word.replace("TAKEN", port) for word in words)])
        with pytest.raises(SystemExit) as ended:
            demo.main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.err.startswith(said.replace("TAKEN", port))
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_nothing_that_is_typed_can_be_evaluated():
    folder = ROOT / "experiments" / "teaching"
    calls = r"\b(eval|exec|Function|setTimeout|compile)\(|\binnerHTML\b|insertAdjacentHTML|document\.write|v-html"
    texts = {path: path.read_text("utf-8") for path in folder.rglob("*.*") if path.suffix in (".py", ".js", ".html")}
    assert len(texts) > 20
    assert [path.name for path, text in texts.items() if re.search(calls, text)] == []
