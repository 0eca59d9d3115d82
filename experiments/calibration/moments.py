"""What a world is fitted to: numbers with a target and a scale, of the stylised facts or of a user's own table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.facts.facts import FACTS
from experiments.facts.table import Fact, Part
from experiments.spreadsheets import parse_share, read_sheet
from sim.errors import InputError, suggest
from sim.people.file_content import format_name

FACT_ROWS = "facts"
COLUMNS = ("name", "target", "scale")
PERCENT = 100.0  #: scale of a part that is a share
CORRELATIONS = ("6 burstiness without rhythm", "13 r")  #: lie between -1 and 1
OPERATOR_FACTS = (15, 16, 18)  #: say how the army behaves, which nothing here may fit


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
    """Return the moments of a CSV file with the columns name, target, scale; other columns are for the reader.

    Raises:
        InputError: the file cannot be read, a name is no measure or stands twice, or a number is none.
    """
    where = f"calibrate.moments={path}"
    sheet = read_sheet(path, "calibrate.moments")
    column = {name.lower(): name for name in sheet.names}
    if not sheet.rows or not set(COLUMNS) <= set(column):
        raise InputError(
            f"{where} must have the columns {','.join(COLUMNS)}, and a line a moment: it has "
            f"{','.join(sheet.names) or 'none'}, and {len(sheet.rows)} lines below"
        )
    found = [
        _parse_moment({name: row[column[name]] for name in COLUMNS}, place)
        for row, place in zip(sheet.rows, sheet.places, strict=True)
    ]
    names = [moment.name for moment in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{where} has {twice[0]!r} twice: say one target for each name")
    return found


def _parse_moment(row: Mapping[str, str], where: str) -> Moment:
    name, target, known = row["name"], row["target"], list_parts()
    if name not in known:
        raise InputError(f"{where} has {format_name(name)!r}, which nothing measures: {suggest(name, list(known))}")
    fact, part = known[name]
    if fact.number in OPERATOR_FACTS:
        raise InputError(f"{where} has {name!r}, which says how an army behaves: fit people and platform only")
    try:
        found = Moment(name, parse_share(target, part.scale), parse_share(row["scale"], part.scale))
    except ValueError:
        raise InputError(f"{where} must hold a number as target and as scale") from None
    if not math.isfinite(found.target) or not 0 < found.scale < math.inf:
        raise InputError(f"{where} must have a finite target and a scale above 0")
    if name in CORRELATIONS and abs(found.target) > 1:
        raise InputError(f"{where} has {target} for {name!r}, which is a correlation: write a target from -1 to 1")
    if part.scale == PERCENT and not 0 <= found.target <= PERCENT:
        raise InputError(f"{where} has {target} for {name!r}, which is a share: write a target from 0 to 100")
    return found


def list_held_out(moments: Sequence[Moment]) -> list[str]:
    """Return the measured numbers of the V rows of which no number is among `moments`: a fact is fitted or held out."""
    known = list_parts()
    fitted = {known[moment.name][0].number for moment in moments}
    return [name for name, (fact, _) in known.items() if fact.use == "V" and fact.number not in fitted]
