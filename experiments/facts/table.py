"""The table of facts: what is measured in which worlds, and what each row says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.facts.recording import Recording, record_world
from sim.mechanisms.following import Following
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.returns import Returns
from sim.rules import Rule
from sim.setting import Setting
from sim.state.accounts import F64

MET, PARTLY, OPEN, MISSED = "met", "met in part", "not told", "missed"  #: verdicts; OPEN: by these seeds
SHOWN, PENDING = "shown", "not modelled yet"
LEVEL = 0.95


class SeedWorlds:
    """The worlds of one seed, each played when it is first asked for: the same people, graph and chance."""

    def __init__(self, setting: Setting, seed: int, ticks: int) -> None:
        self.setting, self.seed, self.ticks = setting, seed, ticks

    @cached_property
    def quiet(self) -> Recording:
        """No army; extremists as in the setting."""
        return record_world(self._unarmed, self.seed, self.ticks)

    @cached_property
    def operation(self) -> Recording:
        """The setting as it is."""
        return record_world(self.setting, self.seed, self.ticks)

    @cached_property
    def working(self) -> Recording:
        """As `operation`, but the army works all its shifts: operations were watched for months of work."""
        return SeedWorlds(self.setting.replace({"campaign.dose": "saturation"}), self.seed, self.ticks).operation

    @cached_property
    def shockless(self) -> Recording:
        """As `quiet`, but the extremists' posts shock nobody."""
        shockless = replace(self.setting.extremists, shocking_share=0.0)
        return record_world(replace(self._unarmed, extremists=shockless), self.seed, self.ticks)

    @cached_property
    def swept(self) -> Recording:
        """As `operation`, but swept from the campaign's start on; operators come back and are found again."""
        start = self.setting.campaign.start
        sweep = Pressure(start=start, hours=max(0, self.ticks - start))
        swept = replace(self.setting, following=Following(), returns=Returns(), pressure=sweep)
        return record_world(swept, self.seed, self.ticks)

    @cached_property
    def unarmed(self) -> "SeedWorlds":
        """These worlds with no army in any: the quiet one stands for the one with the operation too."""
        worlds = SeedWorlds(self._unarmed, self.seed, self.ticks)
        worlds.quiet = worlds.operation = worlds.working = self.quiet
        return worlds

    @property
    def _unarmed(self) -> Setting:
        return replace(self.setting, army=replace(self.setting.army, size=0))


@dataclass(frozen=True)
class Part:
    """One number of a fact, in the unit in which it is shown."""

    name: str
    measure: Callable[[SeedWorlds], float]
    low: float = -np.inf
    high: float = np.inf
    scale: float = 1.0  #: of the measure, 100 for percent; `low` and `high` are in the scaled unit

    @property
    def is_judged(self) -> bool:
        """Whether the fact says what this number should be."""
        return bool(np.isfinite(self.low) or np.isfinite(self.high))


@dataclass(frozen=True)
class Fact:
    """One row of the list of stylised facts."""

    number: int
    name: str
    target: str
    use: str  #: C: calibrated | V: held out, only compared | D: compared with another model
    source: str
    certainty: str  #: seen | second-hand | unchecked: how the source was read
    parts: tuple[Part, ...]
    note: str = ""
    pending: str = ""  #: what is not modelled yet
    seen: str = ""  #: why a fact held out is no clean test


def measure(facts: Iterable[Fact], worlds: SeedWorlds, seed: int) -> pd.DataFrame:
    """Return `number, part, seed, value, unarmed` of all parts of all facts in the worlds of one seed, values scaled.

    `unarmed`, for calibrated facts, is the same number without an army.
    """

    def measure_unarmed(fact: Fact, part: Part) -> float:
        return part.scale * part.measure(worlds.unarmed) if fact.use == "C" else np.nan

    rows = [
        (fact.number, part.name, seed, part.scale * part.measure(worlds), measure_unarmed(fact, part))
        for fact in facts
        for part in fact.parts
    ]
    return pd.DataFrame(rows, columns=["number", "part", "seed", "value", "unarmed"])


def compare(facts: Iterable[Fact], measured: pd.DataFrame) -> pd.DataFrame:
    """Return the table of validity, a row a part: mean and 95% interval over seeds, and the fact's verdict.

    A part is met if its whole interval lies in the band, missed if it lies outside, and otherwise not told by these
    seeds; seeds in which it is not defined are left out. A fact is met if all its judged parts are, and stays "not
    modelled yet" while something of it is missing. `unarmed` is the mean without an army; a part that is met without an
    army `fixes_no_dose`.
    """
    measured = measured if "unarmed" in measured else measured.assign(unarmed=np.nan)
    fitted = list_fitted_parameters()
    return pd.DataFrame([row for fact in facts for row in _make_rows(fact, measured, fitted.get(fact.number, []))])


class SeedInterval(NamedTuple):
    """Mean and t-interval over seeds."""

    value: float
    lo: float
    hi: float
    seeds: int


def compute_interval(values: F64) -> SeedInterval:
    """Return mean and 95% t-interval of the finite values; nan for what too few of them do not give."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return SeedInterval(np.nan, np.nan, np.nan, 0)
    mean = float(known.mean())
    if len(known) == 1:
        return SeedInterval(mean, np.nan, np.nan, 1)
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return SeedInterval(mean, mean - half, mean + half, len(known))


def combine_verdicts(verdicts: Iterable[str], pending: str) -> str:
    """Return a fact's verdict from those of its parts."""
    judged = [verdict for verdict in verdicts if verdict != SHOWN]
    if pending or not judged:
        return PENDING if pending else SHOWN
    if all(verdict == MET for verdict in judged):
        return MET
    if MISSED not in judged:
        return OPEN
    return PARTLY if MET in judged else MISSED


def list_fitted_parameters() -> dict[int, list[str]]:
    """Return which parameters of the default setting say that they are fitted, by fact: "group.field"."""
    found: dict[int, list[str]] = {}
    for group in fields(Setting):
        rule = getattr(Setting(), group.name)
        for column in fields(rule) if isinstance(rule, Rule) else ():
            words = str(column.metadata["source"]).partition("fitted to fact ")[2]
            if words:
                found.setdefault(int(words.split(" ")[0]), []).append(f"{group.name}.{column.name}")
    return found


def _make_rows(fact: Fact, measured: pd.DataFrame, fitted: list[str]) -> list[dict[str, Any]]:
    own = measured[measured["number"] == fact.number]
    values = {part.name: compute_interval(own.loc[own["part"] == part.name, "value"].to_numpy()) for part in fact.parts}
    verdicts = {part.name: _judge_part(part, values[part.name]) for part in fact.parts}
    unarmed = {
        part.name: compute_interval(own.loc[own["part"] == part.name, "unarmed"].to_numpy()) for part in fact.parts
    }
    about = {name: getattr(fact, name) for name in ("target", "use", "source", "certainty", "pending", "seen", "note")}
    about |= {"verdict": combine_verdicts(verdicts.values(), fact.pending), "fitted": ", ".join(fitted)}
    return [
        {"number": fact.number, "fact": fact.name, "part": part.name, "low": part.low, "high": part.high}
        | _clip_percent(values[part.name], part)._asdict()
        | {"part_verdict": verdicts[part.name], "unarmed": unarmed[part.name].value}
        | {"fixes_no_dose": _judge_part(part, unarmed[part.name]) == MET}
        | about
        for part in fact.parts
    ]


def _clip_percent(found: SeedInterval, part: Part) -> SeedInterval:
    """Return an interval of percentages cut to 0 to 100; others as they are."""
    if part.scale != 100.0:
        return found
    return found._replace(lo=float(np.maximum(found.lo, 0.0)), hi=float(np.minimum(found.hi, 100.0)))


def _judge_part(part: Part, found: SeedInterval) -> str:
    if not part.is_judged:
        return SHOWN
    if found.lo > part.high or found.hi < part.low:
        return MISSED
    return MET if part.low <= found.lo and found.hi <= part.high else OPEN
