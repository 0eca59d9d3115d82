"""A design as data: which points, each a set of keys with values, in Hydra's own notation."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

import numpy as np
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from numpy.typing import NDArray

from experiments.composing import expand_override, explain_syntax
from experiments.spreadsheets import parse_share, read_sheet
from sim.errors import InputError
from sim.people.file_content import format_name

Point = dict[str, Any]  #: key of the configuration -> value; a group -> the name of a choice
Axis = Callable[[float], Any]
SAMPLED = ("random", "lhs", "sobol")
MAX_POINTS = 10**5  #: of a design
SILENT_KEYS = ("campaign.intensity", "campaign.tactics")  #: with 0 or none of these an army does nothing
APP_KEYS = ("seed", "seeds", "out", "workers", "engine", "address", "sweep", "sensitivity", "calibrate", "hydra")


def make_points(sweep: Mapping[str, Any]) -> list[Point]:
    """Return the points of a design: its parts crossed with one another, in order; one empty point without parts.

    Args:
        sweep: `grid`, `random`, `lhs`, `sobol` (lists of "KEY=VALUES"), `list` (of points, each "KEY=VALUE KEY=VALUE"),
            `csv` (a file with a column a key), `draws` and `design_seed` for the sampled parts.

    Raises:
        InputError: a part cannot be read, a key stands in two parts, or a sample has no range to draw from.
    """
    parts = [_parse_grid(sweep["grid"]), _parse_list(sweep["list"]), _read_csv(sweep["csv"])]
    parts += [_sample_points(method, sweep[method], sweep["draws"], sweep["design_seed"]) for method in SAMPLED]
    used = [{key for point in part for key in point} for part in parts]
    for number, keys in enumerate(used):
        for twice in sorted(keys & set().union(*used[:number])):
            raise InputError(f"{twice} stands in two parts of the design: vary it in one")
    _check_size(map(len, parts), "the design")
    return [{key: value for point in chosen for key, value in point.items()} for chosen in product(*parts)]


def _check_size(lengths: Iterable[int], what: str) -> None:
    """Raise InputError if what is crossed is more points than anybody waits for, before they are laid out."""
    if prod(lengths) > MAX_POINTS:
        raise InputError(f"{what} has more than {MAX_POINTS} points: say fewer values, or draw some by sweep.lhs")


def parse_baseline(words: Sequence[str] | None) -> Point | None:
    """Return what a baseline changes in every point, {} for no baseline; None: what the story of its scenario says."""
    return None if words is None else _parse_point([str(word) for word in words], "sweep.baseline")


def parse_story_baseline(words: Sequence[str]) -> Point:
    """Return what the baseline of a scenario changes, from what its story is compared with; {} for nothing.

    An army without orders has no effect on anybody else (tests/test_purity.py), so it is the same as no army: one run
    whatever the army would have done.
    """
    changes = _parse_point([str(word) for word in words], "story.without")
    silent = {key for key in SILENT_KEYS if key in changes and not changes[key]}
    return ({"army.size": 0} if silent else {}) | {key: value for key, value in changes.items() if key not in silent}


def parse(words: Sequence[str], where: str) -> list[Override]:
    """Return overrides read by Hydra's own parser, none for a key that no design may vary.

    Raises:
        InputError: one is not of the form KEY=VALUE, or its key is not for a design.
    """
    found = []
    for word in words:
        try:
            (override,) = OverridesParser.create().parse_overrides([expand_override(str(word))])
        except HydraException:
            raise InputError(f"{where} has {word!r}, which {explain_syntax(str(word))}") from None
        key = override.key_or_group
        if override.is_delete() or override.is_add():
            raise InputError(f"{where} has {word!r}: put + and ~ on the command line itself, not into a design")
        if key.partition(".")[0] in APP_KEYS:
            raise InputError(f"{where} has {word!r}: a design cannot vary {key}; seeds=K seed=S say which seeds")
        found.append(override)
    return found


def _parse_grid(words: Sequence[str]) -> list[Point]:
    axes: list[list[tuple[str, Any]]] = []
    for override in parse(words, "sweep.grid"):
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise InputError(f"sweep.grid has {override.input_line!r}: an interval needs sweep.lhs, sobol or random")
        _check_size([*map(len, axes), _count_values(override)], "sweep.grid")
        axes.append([(override.key_or_group, value) for value in _iterate_values(override)])
    return [_make_point(chosen, "sweep.grid") for chosen in product(*axes)]


def _parse_list(words: Sequence[str]) -> list[Point]:
    return [_parse_point(shlex.split(str(word)), "sweep.list") for word in words] or [{}]


def _read_csv(path: str | None) -> list[Point]:
    if path is None:
        return [{}]
    sheet = read_sheet(path, "sweep.csv")
    if not sheet.rows or not sheet.names:
        raise InputError(f"sweep.csv={path} holds no point: a first line of keys, then a line of values a point")
    for name in sheet.names:
        if not re.fullmatch(r"[A-Za-z_][\w./@]*", name):
            raise InputError(
                f"sweep.csv={path} has the column {format_name(name)}, which is no key: begin its name with # to have "
                "it left out"
            )
    return [
        _parse_point([_write_override(key, cell, place) for key, cell in row.items()], place)
        for row, place in zip(sheet.rows, sheet.places, strict=True)
    ]


def _write_override(key: str, cell: str, where: str) -> str:
    """Return the override that a cell stands for: as Hydra reads its value, else as a text.

    Raises:
        InputError: the cell is empty.
    """
    if not cell:
        raise InputError(f"{where} has no value for {key}: write one, such as null")
    if re.fullmatch(r"[-+]?[\d.]+ *%", cell):
        return f"{key}={parse_share(cell)}"
    word = f"{key}={cell}"
    try:
        OverridesParser.create().parse_overrides([expand_override(word)])
    except HydraException:
        return "{}='{}'".format(key, cell.replace("'", "\\'"))
    return word


def _parse_point(words: Sequence[str], where: str) -> Point:
    overrides = parse(words, where)
    for override in overrides:
        if override.is_sweep_override():
            said = "a point has one value for each key, a list in brackets"
            raise InputError(f"{where} has {override.input_line!r}: {said}")
    return _make_point([(override.key_or_group, override.value()) for override in overrides], where)


def _make_point(pairs: Sequence[tuple[str, Any]], where: str) -> Point:
    point = dict(pairs)
    if len(point) < len(pairs):
        names = [key for key, _ in pairs]
        raise InputError(f"{where} names {max(names, key=names.count)} twice: name it once")
    return point


def _count_values(override: Override) -> int:
    """Return how many values an override has, or one more than `MAX_POINTS` if it has more."""
    words = override.sweep_string_iterator() if override.is_sweep_override() else [""]
    return sum(1 for _ in islice(words, MAX_POINTS + 1))


def _iterate_values(override: Override) -> Iterator[Any]:
    """Yield every value of an override, each read as it would be if it stood alone."""
    if not override.is_sweep_override():
        yield override.value()
        return
    key = override.key_or_group
    for word in override.sweep_string_iterator():
        yield OverridesParser.create().parse_overrides([f"{key}={word}"])[0].value()


def _sample_points(method: str, words: Sequence[str], draws: int, seed: int) -> list[Point]:
    """Return `draws` points from ranges, by a method of `scipy.stats.qmc` or at random."""
    if not words:
        return [{}]
    if draws < 1:
        raise InputError(f"sweep.draws={draws} must be a whole number from 1: how many points sweep.{method} draws")
    axes = parse_ranges(words, f"sweep.{method}")
    return map_points(axes, _sample_cube(method, draws, len(axes), seed))


def parse_ranges(words: Sequence[str], where: str) -> dict[str, Axis]:
    """Return a function from [0, 1] to values for each key.

    Raises:
        InputError: a word cannot be read or has no range.
    """
    overrides = parse(words, where)
    _make_point([(override.key_or_group, None) for override in overrides], where)
    return {override.key_or_group: _make_axis(override, where) for override in overrides}


def map_points(axes: Mapping[str, Axis], cube: NDArray[np.float64]) -> list[Point]:
    """Return the points at [points, axes] places between 0 and 1; 1 itself is the place just below."""
    below = np.nextafter(1.0, 0.0)
    rows = np.minimum(cube, below).tolist()
    return [{key: axis(u) for (key, axis), u in zip(axes.items(), row, strict=True)} for row in rows]


def _sample_cube(method: str, draws: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    """Return [draws, dimensions] numbers in [0, 1)."""
    from scipy.stats import qmc

    if method == "random":
        return np.random.default_rng(seed).random((draws, dimensions))
    if method == "lhs":
        return qmc.LatinHypercube(dimensions, rng=seed).random(draws)
    if draws & (draws - 1):
        below = 1 << (draws.bit_length() - 1)
        raise InputError(f"sweep.draws={draws}: Sobol points need a power of two, so say {below} or {2 * below}")
    return qmc.Sobol(dimensions, rng=seed).random(draws)


def _make_axis(override: Override, method: str) -> Axis:
    """Return a function from [0, 1) to values of one key."""
    if not override.is_sweep_override():
        raise InputError(
            f"{method} has {override.input_line!r}: give a range, {override.key_or_group}=interval(LOW,HIGH)"
        )
    swept = override.value()
    if not isinstance(swept, IntervalSweep):
        values = list(_iterate_values(override))
        return lambda u: values[int(u * len(values))]
    low, high, log = swept.start, swept.end, "log" in swept.tags
    if low is None or high is None or not low < high or (log and low <= 0):
        raise InputError(f"{method} has {override.input_line!r}: LOW must be below HIGH, and above 0 for a log")
    if isinstance(low, int) and isinstance(high, int):
        return lambda u: low + int(u * (high - low + 1))
    return (lambda u: float(low * (high / low) ** u)) if log else (lambda u: float(low + u * (high - low)))
