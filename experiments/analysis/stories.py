"""What a story compares, and when its parts play."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.analysis.pairing import compute_interval

CAMPAIGN = "campaign"
PART_LABELS = {"channels": "an agency watches rooms", "pressure": "sweeps under pressure"}  #: mechanisms with hours
COLUMNS = ["measure", "label", "from", "to", "with", "without", "value", "lo", "hi", "seeds"]


def compare_arms(ticks: pd.DataFrame, outcomes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return each outcome with and without, and the difference over paired seeds with its 95% t-interval.

    Args:
        ticks: hourly measures with the columns arm ("with" | "without"), seed and tick.
        outcomes: each names a measure, a label, and the hours from and to (exclusive) over which it is averaged.

    Returns:
        columns measure, label, from, to, with, without, value (with - without), lo, hi, seeds; a row an outcome, in
        the measure's unit. Hours in which a measure is not defined are left out.
    """
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        during = ticks[ticks["tick"].between(outcome["from"], outcome["to"] - 1)]
        means = during.groupby(["seed", "arm"])[outcome["measure"]].mean().unstack("arm")
        difference = means["with"] - means["without"]
        row = {name: outcome[name] for name in ("measure", "label", "from", "to")}
        row |= {"with": means["with"].mean(), "without": means["without"].mean()}
        rows.append(row | compute_interval(difference)._asdict() | {"seeds": int(difference.notna().sum())})
    return pd.DataFrame(rows, columns=COLUMNS)


def make_timeline(config: Mapping[str, Any], ticks: int) -> pd.DataFrame:
    """Return what is scheduled in a configuration: columns what, start, stop (hours), a row a part that plays.

    A part is anything with a start and with hours; where nobody carries out the campaign, it is none.
    """
    idle = not (config["army"]["size"] and config[CAMPAIGN]["tactics"] and config[CAMPAIGN]["intensity"])
    parts: list[tuple[str, int, int]] = [
        (what, start, min(stop, ticks))
        for what, start, stop in _iterate_parts(config, ())
        if start < ticks and not (idle and what == CAMPAIGN)
    ]
    return pd.DataFrame(parts, columns=["what", "start", "stop"]).sort_values("start", kind="stable", ignore_index=True)


def _iterate_parts(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    if not isinstance(node, Mapping):
        return
    start, hours = node.get("start"), node.get("hours")
    if isinstance(start, int) and isinstance(hours, int) and hours > 0:
        names = [name for name in path if name not in ("forces", "operations", "events")]
        yield ": ".join(PART_LABELS.get(name, name) for name in names).replace("_", " "), start, start + hours
    for name, child in node.items():
        yield from _iterate_parts(child, (*path, str(name)))
