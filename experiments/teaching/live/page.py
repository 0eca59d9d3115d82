"""The live page: controls and words by Solara, pictures by the replay's canvas, worlds by a session of their own."""

import json
from typing import Any

import solara
import solara.lab

from experiments.configuration import list_choices
from experiments.teaching.live.bands import MOST_PEOPLE, Bands
from experiments.teaching.live.canvas import Canvas, to_json
from experiments.teaching.live.choice import GROUPS, Choice, check_choice, get_scenario_fields
from experiments.teaching.live.picture import HourPicture
from experiments.teaching.live.session import Session, SessionCallbacks
from experiments.teaching.replay import read_source
from sim.campaigns import TACTICS
from sim.errors import InputError

WORDS = json.loads(read_source("words.json"))
#: names of files and tactics run from left to right in any language
NAMES = """
.v-select__selections { direction: ltr }
[dir=rtl] .v-select__selections { justify-content: end }
"""


class Room:
    """All that one visitor has: nothing of it is shared with another."""

    def __init__(self) -> None:
        self.choice = solara.reactive(Choice())
        self.language = solara.reactive("en")
        self.cast, self.bands = solara.reactive(""), solara.reactive("")
        self.picture: solara.Reactive[HourPicture | None] = solara.reactive(None)
        self.playing, self.forks = solara.reactive(False), solara.reactive(False)
        self.trouble = solara.reactive("")
        self.called: solara.Reactive[dict[str, dict[str, str]]] = solara.reactive({})
        self.number = 0
        self.session = Session(SessionCallbacks(self._show_cast, self.picture.set, self.playing.set, self.trouble.set))
        self.band: Bands | None = None
        self._told: tuple[int, list[dict[str, Any]]] | None = None

    def begin(self) -> None:
        """Begin again with what is chosen, or say what is not possible."""
        try:
            check_choice(self.choice.value)
        except InputError as error:
            self.trouble.set(str(error))
            return
        if self.band:
            self.band.cancel()
        self._told = None
        self.session.reset(self.choice.value)
        self.band = Bands(self.choice.value, self._receive_band)

    def handle_event(self, name: str, value: Any) -> None:
        """Do what the canvas asks for."""
        if name == "drawn" and isinstance(value, int):
            self.session.report_drawn(value)
        elif name == "play":
            self.session.play(value is True)
        elif name == "language" and value in WORDS:
            self.language.set(value)
        elif name == "ready" and not self.cast.value:
            self.begin()

    def leave(self) -> None:
        """Free the worlds: the page is closed."""
        if self.band:
            self.band.cancel()
        self.session.close()

    def change(self, **what: Any) -> None:
        """Choose something else, and begin anew. Another scenario brings its own army and tactics."""
        if what.get("scenario", self.choice.value.scenario) != self.choice.value.scenario:
            what = get_scenario_fields(what["scenario"]) | what
        self.choice.set(self.choice.value._replace(**what))
        self.begin()

    def _show_cast(self, cast: dict[str, Any]) -> None:
        self.number = cast["number"]
        self.forks.set(cast["fork"])
        self.called.set(cast["words"])
        self.cast.set(to_json(cast | {"banded": self.choice.value.people <= MOST_PEOPLE}))
        self._send_band()

    def _receive_band(self, seeds: int, worlds: list[dict[str, Any]]) -> None:
        self._told = seeds, worlds
        self._send_band()

    def _send_band(self) -> None:
        if self._told:
            self.bands.set(to_json({"setting": self.number, "seeds": self._told[0], "worlds": self._told[1]}))


def parse_number(text: str) -> int | str:
    """Return the whole number that somebody has typed, in the digits of any script, or else what was typed."""
    try:
        return int(text)
    except ValueError:
        return text


@solara.component
def Page() -> None:
    """One visitor's laboratory."""
    room = solara.use_memo(Room, [])
    solara.use_effect(lambda: room.leave, [])
    say = WORDS[room.language.value]
    solara.Title(say["laboratory"])
    solara.Style(NAMES)
    with solara.Column(gap="0px", style={"direction": "rtl" if room.language.value == "ar" else "ltr"}):
        Controls(room)
        Pictures(room)


@solara.component
def Controls(room: Room) -> None:
    """Choose a setting; step, reset, fork."""
    language, choice = room.language.value, room.choice.value
    say = WORDS[language] | room.called.value.get(language, {})
    with solara.Row(style={"flex-wrap": "wrap", "align-items": "center", "padding": "1.2rem 1.4rem 0"}):
        for group in GROUPS:
            solara.Select(
                say[group],
                list_choices(group),
                getattr(choice, group),
                on_value=lambda v, group=group: room.change(**{group: v}),
                dense=True,
            )
        solara.SelectMultiple(
            say["tactics"],
            list(choice.tactics),
            list(TACTICS),
            on_value=lambda v: room.change(tactics=tuple(v)),
            dense=True,
        )
        for name in ("army", "people", "seed"):
            solara.InputText(
                say[name],
                str(getattr(choice, name)),
                on_value=lambda v, name=name: room.change(**{name: parse_number(v)}),
                style={"max-width": "7rem"},
            )
        solara.Button(say["step"], on_click=room.session.step, disabled=room.playing.value)
        solara.Button(say["reset"], on_click=room.begin)
        solara.Button(say["fork"], on_click=room.session.fork, disabled=not room.forks.value, color="primary")
    if room.trouble.value:
        solara.Error(room.trouble.value)


@solara.component
def Pictures(room: Room) -> None:
    """The canvas, and nothing that would draw anew with it."""
    picture = room.picture.value
    Canvas.element(
        cast=room.cast.value,
        picture=to_json(picture._asdict()) if picture else "",
        bands=room.bands.value,
        playing=room.playing.value,
        heard=room.handle_event,
    )
