"""What a world is fitted to: numbers with a target and a scale, of the stylised facts or of a user's own table."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.facts.facts import FACTS
from experiments.facts.table import Fact, Part
from sim.errors import InputError, suggest

FACT_ROWS = "facts"
COLUMNS = ("name", "target", "scale")
OPERATOR_FACTS = (15, 16)  #: say how the army behaves, which nothing here may fit


@dataclass(frozen=True)
class Moment:
    """One number that a world should show."""

    name: str  #: of a measure: "NUMBER PART" of a stylised fact
    target: float
    scale: float  #: what counts as one unit of error: the target's own standard error


def list_parts() -> dict[str, tuple[Fact, Part]]:
    """Return every measured number of the stylised facts by its name, such as "13 r"."""
    return {f"{fact.number} {part.name}": (fact, part) for fact in FACTS for part in fact.parts}


def make_fact_moments() -> list[Moment]:
    """Return the moments of the C rows: the middle of each closed band, a quarter of its width as scale.

    A band is read as a 95% interval (assumption). Rows on how the army behaves are left out.
    """
    return [
        Moment(name, (part.low + part.high) / 2, (part.high - part.low) / 4)
        for name, (fact, part) in list_parts().items()
        if fact.use == "C" and fact.number not in OPERATOR_FACTS and 0 < part.high - part.low < math.inf
    ]


def read_moments(path: str) -> list[Moment]:
    """Return the moments of a CSV file with the columns name, target, scale.

    Raises:
        InputError: the file cannot be read, a name is no measure or stands twice, or a number is none.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:  # spreadsheets begin a file with a mark
            reader = csv.DictReader(file, skipinitialspace=True)
            rows, columns = [(reader.line_num, row) for row in reader], tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"calibrate.moments={path} cannot be read ({error}): say facts, or name a CSV file") from None
    if columns != COLUMNS or not rows:
        raise InputError(
            f"calibrate.moments={path} must have the columns {','.join(COLUMNS)}, and a line a moment: it has "
            f"{','.join(columns) or 'none'}, and {len(rows)} lines below"
        )
    found = [_parse_moment(row, f"line {line} of calibrate.moments={path}") for line, row in rows]
    names = [moment.name for moment in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"calibrate.moments={path} has {twice[0]!r} twice: say one target for each name")
    return found


def _parse_moment(row: dict[str, str], where: str) -> Moment:
    name, known = row["name"], list_parts()
    if None in row:
        raise InputError(f'{where} has more than three cells: put a name with a comma in quotes, as in "2 reposts, %"')
    if name not in known:
        raise InputError(f"{where} has {name!r}, which nothing measures: {suggest(name, list(known))}")
    if known[name][0].number in OPERATOR_FACTS:
        raise InputError(f"{where} has {name!r}, which says how an army behaves: fit people and platform only")
    try:
        target, scale = float(row["target"]), float(row["scale"])
    except (TypeError, ValueError):
        raise InputError(f"{where} must hold a number as target and as scale") from None
    if not math.isfinite(target) or not 0 < scale < math.inf:
        raise InputError(f"{where} must have a finite target and a scale above 0")
    return Moment(name, target, scale)


def list_held_out(moments: Sequence[Moment]) -> list[str]:
    """Return the measured numbers of the V rows of which no number is among `moments`: a fact is fitted or held out."""
    known = list_parts()
    fitted = {known[moment.name][0].number for moment in moments}
    return [name for name, (fact, _) in known.items() if fact.use == "V" and fact.number not in fitted]
