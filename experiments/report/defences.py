"""The report of defences: what each restores, whom it harms, what it costs, and whether that holds elsewhere."""

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from experiments.analysis.defences import classify_effect, classify_variations, select_significant
from experiments.report import defences_figures as figures
from experiments.report import defences_tables as tables
from experiments.report.defences_tables import format_cell, format_name, get_outcome
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report
from experiments.report.terminal import make_grid

CAVEATS = (
    "Not modelled: people who would come or leave because of a defence; new accounts of honest people, whom friction "
    "by age would hit first; appeals; the content of counter-speech and its effect on haters; operators who learn: "
    "the army hides as configured, and does not adapt to what works.",
    "No effect sizes were found for rate limits, friction by age, reply limits and block lists: these rows are pure "
    "experiments. The settings of each defence are assumptions.",
    "Counter-speech acts by prompting readers who agree to speak (contagion: ODD protocol, 7.6), an assumption, as is "
    "how many volunteers there are: see the setting where allies prompt nobody. So it may restore more than was lost, "
    "and its answers take slots in feeds. Friction by age finds few young accounts in two days of operation.",
    "Harm counts civil posts and accounts of innocent people; limits on abuse by ordinary people are not counted as "
    "harm. A limited post is held back, taken down or ranked lower when it is new.",
    "Intervals cover chance alone (95%, t, over seeds), each by itself: among many, some exclude 0 by luck. With few "
    "seeds, the share of resamples on the front looks more certain than it is. That no effect was found does not prove "
    "that there is none.",
)
FILES = {
    "worlds.parquet": "a row a world: variation, seed, defence, with and without the operation; totals since its start",
    "effects.parquet": "a row a defence and seed: what it changes against the same seed without a defence",
    "pairs.parquet": "a row a pair: what it restores beyond the better of the two alone",
    "summary.parquet": "means over seeds with 95% intervals, and the share of resamples in which it is on the front",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    table, both = (pd.read_parquet(folder / f"{name}.parquet") for name in ("summary", "pairs"))
    names = [str(name) for name in dict.fromkeys(table["defence"]) if " + " not in str(name)]
    main = select_first_scenario(table)
    found = [tables.make_effects_table(main), tables.make_harm_table(main), tables.make_robustness_table(table, names)]
    return Report(
        "Defences",
        format_headline(main, names),
        [*format_summary(table, names), *format_pair_gains(both)],
        list(_draw_pictures(table, names)),
        [*found, *tables.make_pair_tables(table, both)],
        CAVEATS,
        FILES,
        [make_grid(tables.make_brief_table(main)), make_grid(tables.make_found_table(table, names), wrap=True)],
    )


def select_first_scenario(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first scenario."""
    scenarios = table[table["family"] == "scenario"]
    return scenarios[scenarios["variation"] == scenarios["variation"].iloc[0]]


def format_headline(rows: pd.DataFrame, names: list[str]) -> str:
    """Say which defences restore dissent, or that no effect was found, or that there was nothing to restore."""
    deficit = get_outcome(rows, names[0], "deficit")
    if not deficit["lo"] > 0:
        known = format_estimate(deficit["value"], deficit["lo"], deficit["hi"])
        return (
            f"No loss of dissent from the operation was found in these seeds, {known} posts a world, so there was "
            "nothing for a defence to restore."
        )
    found = {name: get_outcome(rows, name, "restored") for name in names}
    sure = {name for _, name in select_significant(rows[rows["defence"].isin(names)])}
    clear = [name for name in names if found[name]["lo"] > 0 or found[name]["hi"] < 0]
    better = sorted((n for n in clear if n in sure and found[n]["lo"] > 0), key=lambda name: -found[name]["value"])
    worse = [name for name in clear if name in sure and found[name]["hi"] < 0]
    luck = [name for name in clear if name not in sure]
    if not better:
        most = max(names, key=lambda name: found[name]["value"])
        known = format_estimate(*(found[most][end] for end in ("value", "lo", "hi")))
        text = f"No effect of any of {len(names)} defences on dissent was found over {deficit['seeds']} seeds: most "
        text += f"stands under {format_name(most)}, {known} posts a world more"
    else:
        best = get_outcome(rows, better[0], "restored_percent")
        amount = (
            f"{format_estimate(best['value'], best['lo'], best['hi'], 0, '%')} of what the operation cost"
            if math.isfinite(best["lo"])
            else f"{format_estimate(*(found[better[0]][end] for end in ('value', 'lo', 'hi')))} posts a world"
        )
        others = f"; {_format_names(better[1:])} also restore some" if better[1:] else ""
        rest = len(names) - len(better) - len(worse)
        text = f"{format_name(better[0]).capitalize()} restores {amount}{others}; "
        text += f"for {rest} of {len(names)} no effect was found"
    text += f"; less dissent stands under {_format_names(worse)}" if worse else ""
    text += f" (under {_format_names(luck)} by its own interval, as luck may among {len(names)})" if luck else ""
    return f"{text}."


def format_summary(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Return the sentences after the headline: deficit, own harm, front, robustness."""
    main = select_first_scenario(table)
    deficit = get_outcome(main, names[0], "deficit")
    lines = [
        f"Without a defence the operation costs {format_estimate(deficit['value'], deficit['lo'], deficit['hi'])} "
        f"dissenting posts a world ({deficit['seeds']} seeds)."
    ]
    silencing = [name for name in names if get_outcome(main, name, "quiet_effect")["hi"] < 0]
    lines.append(
        f"Without any operation, less dissent stands under {_format_names(silencing)} than without a defence."
        if silencing
        else "Without any operation, no defence was found to silence dissent by itself."
    )
    lines += format_visibility(main, names)
    on = [name for name in names if get_outcome(main, name, "front")["value"] >= 0.5]
    unsure = [
        name
        for name in on
        if classify_effect(*(get_outcome(main, name, "restored")[end] for end in ("lo", "hi"))) == "none found"
    ]
    lines.append(
        "On the Pareto front of dissent restored, civil posts limited and people shut out, in at least half of the "
        f"resampled sets of seeds: {_format_names(on) or 'none'}. Doing nothing takes part"
        + (f"; no effect on dissent was found under {_format_names(unsure)}." if unsure else ".")
    )
    others = [str(name) for name in dict.fromkeys(table.loc[table["family"] == "robustness", "variation"])]
    if others:
        kept = [name for name in names if set(classify_variations(table, name, others).values()) == {"more"}]
        lines.append(
            f"In all {len(others)} other settings (people who react differently, an army that hides) more dissent "
            f"stands under {_format_names(kept)}."
            if kept
            else f"No defence was found to restore dissent in all {len(others)} other settings (people who react "
            "differently, an army that hides)."
        )
    return [*lines, *format_significance(table, names)]


def format_significance(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Say how many effects on dissent are found in all settings, and how many would be if there were none at all."""
    alone = table[table["defence"].isin(names) & (table["outcome"] == "restored") & table["lo"].notna()]
    alone = alone[(alone["value"] != 0) | (alone["lo"] < alone["hi"])]  # what changes nothing in any seed cannot err
    clear = alone[(alone["lo"] > 0) | (alone["hi"] < 0)]
    if alone.empty:
        return []
    sure = [f"{format_name(defence)} ({format_name(variation)})" for variation, defence in select_significant(alone)]
    return [
        f"Of {len(alone)} effects on dissent (a defence in a setting), {len(clear)} have an interval that excludes 0; "
        f"if no defence had any effect, about {0.05 * len(alone):.0f} would by luck. After Holm's correction for "
        f"their number {f'these remain: {_join_words(sure)}' if sure else 'none remains'}."
    ]


def format_visibility(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """Say how much of the dissent seen by non-dissenters is restored; nothing if none of it is lost."""
    if not get_outcome(rows, names[0], "seen_deficit")["lo"] > 0:
        return []
    found = {name: get_outcome(rows, name, "seen") for name in names}
    more = sorted((name for name in names if found[name]["lo"] > 0), key=lambda name: -found[name]["value"])
    less = [name for name in names if found[name]["hi"] < 0]
    text = "Of the dissent that non-dissenters no longer see, "
    if more:
        text += f"{format_name(more[0])} restores {format_cell(rows, more[0], 'seen_percent', 0, '%')}"
        text += f", and {_format_names(more[1:])} some" if more[1:] else ""
    else:
        text += "no defence was found to restore any"
    return [f"{text}{'; still less is seen under ' + _format_names(less) if less else ''}."]


def format_pair_gains(both: pd.DataFrame) -> list[str]:
    """Say which two defences together restore more than the better of them alone; nothing without pairs."""
    if both.empty:
        return []
    more = both[both["lo"] > 0].sort_values("gain", ascending=False)
    if more.empty:
        return [f"Of {len(both)} pairs none was found to restore more than the better of the two alone."]
    best = more.iloc[0]
    return [
        f"Of {len(both)} pairs {len(more)} restore more than the better of the two alone, most of all "
        f"{format_name(best['pair'])}: {format_number(best['gain'])} [{format_interval(best['lo'], best['hi'])}] "
        f"posts a world beyond {format_name(best['better'])}; about {max(1, round(0.025 * len(both)))} such intervals "
        "are due to luck."
    ]


def _format_names(names: Iterable[str]) -> str:
    return _join_words([format_name(name) for name in names])


def _join_words(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _draw_pictures(table: pd.DataFrame, names: list[str]) -> Iterable[Drawing]:
    main = select_first_scenario(table)
    scenarios = table[table["family"] == "scenario"]
    yield Drawing(
        "restored",
        "Dissent restored, by scenario",
        figures.draw_restored(scenarios, names),
        "Blue intervals exclude 0; each scenario has its own scale. Additional standing posts compared with no "
        "defence, under the operation.",
        "Dissenting posts restored by each defence in each scenario, with 95% intervals.",
    )
    yield Drawing(
        "front",
        "Restored against harm",
        figures.draw_front(main, names),
        "Look at the upper left: much restored, little harm. Filled points are on the front in at least half of the "
        "resampled sets of seeds. The horizontal axis is compressed, so that small harm is visible.",
        "Dissent restored against civil posts limited and against people shut out, with 95% intervals.",
    )
    if (table["family"] == "robustness").any():
        yield Drawing(
            "robustness",
            "When people react differently, or the army hides",
            figures.draw_variations(table[table["family"] != "pairs"], names),
            "Look along a row. Blue: more dissent stands, orange: less, beyond chance. Grey: no effect found. "
            "The number is the mean, in posts a world.",
            "Dissent restored by each defence under each variation.",
        )
