"""One visitor's worlds: a thread owns them, takes commands and hands out pictures; nobody else touches them.

A picture is handed out only when the page has drawn the one before, so that playing never outruns what is shown, and
drawing never reads a world that changes.
"""

from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import Any, NamedTuple

from experiments.teaching.changes import compute_changes
from experiments.teaching.curves import Curves
from experiments.teaching.film import MAX_ACCOUNTS, Film
from experiments.teaching.live import picture
from experiments.teaching.live.choice import Choice, LiveSetup, build_setup
from experiments.teaching.live.picture import HourPicture, Plain
from experiments.teaching.replay_runs import can_fork
from sim.errors import InputError
from sim.observers.intentions import IntentionRecorder
from sim.world import World

PATIENCE = 5.0  #: seconds that a world waits for a page before it looks for commands again


class SessionCallbacks(NamedTuple):
    """Who is told; each is called in the session's own thread, one after the other."""

    cast: Callable[[Plain], None]  #: other worlds are shown from now on
    picture: Callable[[HourPicture], None]
    playing: Callable[[bool], None]
    trouble: Callable[[str], None]  #: one line about a choice that is not possible, "" otherwise


class Session:
    """Worlds of one visitor.

    Args:
        shows: who is told what happens.

    Attributes:
        worlds: without and with the operation, or the one with it; only for reading, and only after `close`.
    """

    def __init__(self, shows: SessionCallbacks) -> None:
        self.shows = shows
        self.worlds: list[World] = []
        self._commands: Queue[tuple[str, Any]] = Queue()
        self._playing, self._waiting = False, False  # for the page to draw picture `_number`
        self._number, self._setting = 0, 0
        self._stage: LiveSetup | None = None
        self._spare: World | None = None  # the world as it was when its campaign began, without it
        self._thread = Thread(target=self._loop, name="session", daemon=True)
        self._thread.start()

    def reset(self, choice: Choice) -> None:
        """Begin anew with these settings, one world."""
        self._commands.put(("reset", choice))

    def play(self, is_playing: bool) -> None:
        """Go on hour by hour, or stand still."""
        self._commands.put(("play", is_playing))

    def step(self) -> None:
        """Simulate one hour."""
        self._commands.put(("step", None))

    def fork(self) -> None:
        """Put the world beside it without what the scenario is about, at the same hour."""
        self._commands.put(("fork", None))

    def report_drawn(self, number: int) -> None:
        """The page says that it has drawn this picture."""
        self._commands.put(("drawn", number))

    def close(self) -> None:
        """Free the worlds and end the thread."""
        self._commands.put(("close", None))
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _loop(self) -> None:
        doing: dict[str, Callable[[Any], None]] = {
            "reset": self._reset,
            "play": self._play,
            "step": lambda _: self._advance(),
            "fork": lambda _: self._fork(),
            "drawn": self._mark_drawn,
        }
        while True:
            busy = self._playing and not self._waiting and bool(self.worlds)
            try:
                name, value = self._commands.get(timeout=0.0 if busy else PATIENCE)
            except Empty:
                if busy:
                    self._advance()
                continue
            if name == "close":
                self.worlds, self._spare = [], None
                return
            doing[name](value)

    def _reset(self, choice: Choice) -> None:
        try:
            stage = build_setup(choice)
            world = World(stage.settings[-1], rng=choice.seed)
        except InputError as error:
            self.shows.trouble(str(error))
            return
        world.observers += [IntentionRecorder(), Film(world, min(MAX_ACCOUNTS, choice.people))]
        self.worlds, self._stage, self._spare = [world], stage, None
        self._keep_spare()
        self.shows.trouble("")
        self._play(False)
        self._show_cast()
        self._advance()

    def _play(self, is_playing: bool) -> None:
        self._playing = is_playing and bool(self.worlds)
        self.shows.playing(self._playing)

    def _mark_drawn(self, number: int) -> None:
        self._waiting = self._waiting and number != self._number

    def _advance(self) -> None:
        if not self.worlds or not self._stage:
            return
        for world in self.worlds:
            world.step()
        self._keep_spare()
        self._number += 1
        last = self.worlds[-1]
        self._waiting = True
        self.shows.picture(
            HourPicture(
                self._number,
                self._setting,
                last.now,
                tuple(
                    picture.make_frame(world, self._stage.own, changes)
                    for world, changes in zip(self.worlds, self._compare(), strict=True)
                ),
                picture.list_posts(last),
                picture.list_suspects(last),
            )
        )

    def _compare(self) -> list[Curves]:
        """Return the lost and gained posts of each world against the first; none but for the last of two."""
        return [*({} for _ in self.worlds[1:]), compute_changes(self.worlds)]

    def _keep_spare(self) -> None:
        world = self.worlds[-1]
        if len(self.worlds) == 1 and world.now == world.setting.campaign.start and self._differ_in_conduct():
            self._spare = self._create_other()

    def _differ_in_conduct(self) -> bool:
        """Tell whether the worlds differ in the campaign's conduct alone, so that they are one until it begins."""
        return self._stage is not None and len(self._stage.settings) == 2 and can_fork(self._stage.settings)

    def _create_other(self) -> World:
        """Return the other world: a fork of this one if it may still be one, or else another from the first hour."""
        assert self._stage is not None
        world, other = self.worlds[0], self._stage.settings[0]
        if self._differ_in_conduct() and world.now <= world.setting.campaign.start:
            return world.fork(other.campaign)
        twin = World(other, rng=world.seed)
        twin.observers += [IntentionRecorder(), Film(twin, picture.get_film(world).people)]
        return twin

    def _fork(self) -> None:
        if len(self.worlds) != 1 or not self._stage or len(self._stage.settings) != 2:
            return
        world = self.worlds[0]
        other = self._spare or self._create_other()
        other.run(world.now - other.now)
        self.worlds, self._spare = [other, world], None
        self._show_cast()

    def _show_cast(self) -> None:
        assert self._stage is not None
        self._setting += 1
        self._waiting = False
        arms = ("without", "with") if len(self.worlds) == 2 else ("only",)
        time, own = self._stage.time, self._stage.own
        self.shows.cast(
            {
                "number": self._setting,
                "campaign": [time.start, time.end],
                "own": list(own),
                "words": self._stage.words,
                "fork": len(self.worlds) < len(self._stage.settings),
                "worlds": [
                    picture.make_cast(world, arm, own, changes)
                    for world, arm, changes in zip(self.worlds, arms, self._compare(), strict=True)
                ],
            }
        )
