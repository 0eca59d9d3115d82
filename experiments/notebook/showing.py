"""A replay inside a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.configuration import expand_path
from experiments.notebook.comparing import list_seeds, simulate_pairs
from experiments.notebook.loading import Changes, as_setting, get_compared, get_default_comparison
from experiments.replay import check_page
from experiments.teaching.comparison import get_time_span, name_arms, select_measures
from experiments.teaching.comparison import name_page as called_by
from experiments.teaching.replay import ReplayPage, Scene, render_replay
from experiments.teaching.replay_runs import ReplayJob, run_job
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

HEIGHT = 720  #: of the frame in a notebook, pixels


@dataclass(frozen=True, repr=False)
class Replay:
    """A page that plays worlds back; a notebook shows it below the cell.

    Attributes:
        html: the page, one HTML file without dependencies.

    Example:
        >>> import infowar_lab as lab
        >>> page = lab.Replay("<p>a page</p>")
        >>> page.save("page.html").name
        'page.html'
    """

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page, and the folder for it where there is none; return its path.

        Raises:
            InputError: it cannot be written.
        """
        place = Path(expand_path(str(path), "path"))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.html, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}): name another file") from None
        return place

    def __repr__(self) -> str:
        return f"<Replay of {len(self.html) // 1024} KiB: a notebook shows it, save('replay.html') writes it>"

    def _repr_html_(self) -> str:
        style = f"width:100%;height:{HEIGHT}px;border:0"
        return f'<iframe srcdoc="{escape(self.html)}" style="{style}" title="replay"></iframe>'


def replay(
    setting: Any,
    without: Changes | None = None,
    seeds: int | Iterable[int] = 1,
    people: int = 2000,
    language: str = "en",
    title: str = "",
    workers: int = 0,
) -> Replay:
    """Simulate two worlds side by side, with and without something, and return a page that shows them.

    Args:
        setting: of the world with; a `Setting`, or overrides to `load`.
        without: as in `compare`; [] shows one world alone.
        seeds: the first one is shown, the others give the bands of its curves; as in `compare`.
        people: the most people shown.
        language: in which the page opens, en or ar.
        title: of the page.
        workers: as in `compare`.

    Raises:
        InputError: an argument is wrong, or both worlds would be the same.

    Example:
        >>> import infowar_lab as lab
        >>> page = lab.replay(["population.size=60", "ticks=24", "campaign.start=6"], workers=1)
        >>> "<html" in page.html
        True
    """
    setting = as_setting(setting)
    check_page(people, language)
    changes = get_default_comparison(setting) if without is None else without
    other, called = get_compared(setting, changes) if changes else (None, [])
    pair = (setting,) if other is None else (other, setting)
    if pair[0].ticks != setting.ticks:
        raise InputError(f"ticks={pair[0].ticks} without and {setting.ticks} with: give both the same")
    jobs = [ReplayJob(pair, seed, setting.ticks, 0 if n else people) for n, seed in enumerate(list_seeds(seeds))]
    runs = simulate_pairs(run_job, jobs, workers)
    config = setting.loaded_from
    scene = (
        Scene(runs, get_time_span(config, setting), select_measures(config))
        if config
        else Scene(runs, setting.campaign)
    )
    words = called_by(config, {}) if config and without is None else name_arms({}, called)
    return Replay(render_replay(ReplayPage([scene], "infowar_lab.replay(...)", title, language, words=words)))
