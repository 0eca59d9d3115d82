"""Sentences and labels of reports, from numbers; they never say more than the numbers do."""

import math

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.recovery import LATE, RECOVERED
from experiments.analysis.robustness import REVERSED
from experiments.analysis.transitions import GAINED, LOST
from experiments.report.results import Finding, Results

#: outcome category of an intention -> its label, the same in every report, chart and glossary entry
CAUSES = {
    "left": "left the platform",
    "suspended": "suspended",
    "persuaded": "persuaded",
    "unprompted": "not prompted to speak",
    "private": "would stay silent anyway",
    "withheld_fear": "withheld: fear",
    "withheld_climate": "withheld: climate",
    "withheld_joint": "withheld: only both together silenced it",
    "withheld_redundant": "withheld: either alone was enough",
    "dissent_removed": "removed by moderation",
}
OUTCOMES = {
    "lost_dissent": ("Lost dissent, net", "posts a world", 1.0),
    "lost_posts": ("Lost posts", "posts a world", 1.0),
    "gained_posts": ("Gained posts", "posts a world", 1.0),
    "lost_dissent_impressions": ("Lost impressions of dissent", "thousands a world", 1e-3),
    "perceived_support_shift": ("Shift of perceived support", "percentage points", 100.0),
}
KNOCKOUTS = {"no_fear": "fear", "no_climate": "climate", "no_crowding": "crowding"}
#: ending of an intention -> its label: the causes, and a post that stands
ENDINGS = {**CAUSES, "dissent_posts": "posted, and stands"}


def format_number(value: float, digits: int = 1) -> str:
    """Return the number with a true minus sign and commas between thousands; "unknown" for nan."""
    if not math.isfinite(value):
        return "unknown"
    text = f"{value:,.{digits}f}"
    return text.replace("-", "\u2212") if float(text.replace(",", "")) != 0 else text.lstrip("-")


def format_interval(lo: float, hi: float, digits: int = 1) -> str:
    """Return "lo to hi", or "unknown" where there is no interval."""
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return "unknown"
    return f"{format_number(lo, digits)} to {format_number(hi, digits)}"


def format_estimate(value: float, lo: float, hi: float, digits: int = 1, unit: str = "") -> str:
    """Return a number as every headline writes it: "35.5% (95% interval 30.5 to 40.6)"; "unknown" for nan."""
    return f"{format_number(value, digits)}{unit} (95% interval {format_interval(lo, hi, digits)})"


def format_headline(found: Finding, priors: Finding, dose: Finding) -> str:
    """Return the report's first sentence: what happened, at which dose, its number and its interval.

    Args:
        dose: finding "army_share" (a share).
        found: finding "lost_dissent_percent" (value, lo, hi in percent; seeds).
        priors: finding "prior_range" (lo, hi in percent; seeds = draws).
    """
    value, lo, hi, seeds, _ = found
    if not math.isfinite(value):
        return "There was no dissent in the worlds without the campaign, so the campaign could not reduce it."
    share = f"Writing {format_share(dose.value)} of the posts on the topic, the" if dose.value > 0 else "The"
    known = f"95% interval {format_interval(lo, hi)}, {seeds} paired worlds"
    if seeds < 2:
        change = f"{'lost' if value >= 0 else 'gained'} {format_number(abs(value))}%"
        text = f"In a single pair of worlds dissent {change} under the campaign; an interval needs two seeds or more"
    elif lo > 0:
        text = f"{share} campaign cost dissent {format_number(value)}% of the posts that would have stood ({known})"
    elif hi < 0:
        gain = f"95% interval {format_interval(-hi, -lo)}, {seeds} paired worlds"
        text = (
            f"{share} campaign did not silence dissent but raised it by {format_number(-value)}% of its posts ({gain})"
        )
    else:
        text = f"No effect of the campaign on dissent was found: the loss is {format_number(value)}% ({known})"
    return text + _format_priors(priors) + "."


def format_share(share: float) -> str:
    """Return a share as a percentage with two digits that count: 96%, 1.2%, 0.034%."""
    return f"{format_number(100 * share, max(0, 1 - math.floor(math.log10(100 * share))) if share > 0 else 0)}%"


def format_dose(results: Results) -> str:
    """Return a sentence: at which dose half of the loss is reached, and where the main setting stands."""
    half, dose, curve = results.get_finding("half_dose"), results.get_finding("army_share"), results["doses"]
    if curve.empty or not math.isfinite(half.value):
        return ""
    highest = curve.loc[curve["outcome"] == "lost_dissent_percent", "dose"].max()
    known = (
        f"95% bootstrap interval {format_share(half.lo)} to {format_share(half.hi)}, {half.seeds} seeds"
        if math.isfinite(half.hi) and math.isfinite(half.lo)
        else f"interval unknown, {half.seeds} seeds"
    )
    return (
        f"Half of the loss at the highest dose tried ({format_share(highest)}) is reached where the army writes "
        f"{format_share(half.value)} of the posts on the topic ({known}); in the main setting it writes "
        f"{format_share(dose.value)}."
    )


def format_mixes(results: Results) -> str:
    """Return a sentence: how the loss depends on who withdraws and who fights back."""
    table = results["mixes"]
    if table.empty:
        return ""
    told = [
        f"each further tenth of people who {deed} {_format_slope(results.get_finding(f'slope_{name}'))}"
        for name, deed in (("withdraw", "withdraw"), ("fight", "fight back"))
    ]
    span = format_interval(table["value"].min(), table["value"].max())
    return f"Over the mixes tried the loss runs from {span}%; {' and '.join(told)}."


def _format_slope(slope: Finding) -> str:
    known = f"95% interval {format_interval(slope.lo, slope.hi)}"
    if slope.lo > 0:
        return f"adds {format_number(slope.value)} points ({known})"
    if slope.hi < 0:
        return f"takes away {format_number(-slope.value)} points (95% interval {format_interval(-slope.hi, -slope.lo)})"
    return f"changes it by {format_number(slope.value)} points, which is not clear ({known})"


def format_unknown(results: Results) -> str:
    """Return a sentence: where the report shows what is not known about people, or that this run did not vary it."""
    shown = [
        place
        for place, is_there in (
            ("in the range over declared priors", results.get_finding("prior_range").seeds),
            ("in the table of other assumptions", has_variants(results)),
            ("over the mixes of reactions", len(results["mixes"])),
        )
        if is_there
    ]
    if not shown:
        return "What is not known about people was not varied in this run: priors.draws=20 and robustness.seeds=10 do."
    return f"What is not known about people shows {' and '.join(shown)}: read the headline with it."


def format_variant(family: str, name: str) -> str:
    """Return the label of a row of the robustness table."""
    if family in ("main", "main_few"):
        return "main setting" if family == "main" else "main setting, same seeds as below"
    return f"{format_number(100 * float(name), 0)}% fight back" if family == "fight_back" else name


def _format_priors(priors: Finding) -> str:
    lo, hi = priors.lo, priors.hi
    if priors.seeds < 2 or not math.isfinite(lo):
        return ""
    turned = ", so even its sign depends on parameters that are not known" if lo < 0 < hi else ""
    interval = f"{format_number(lo)}% to {format_number(hi)}%"
    return f"; over the declared priors, seed by seed, the loss runs from {interval}{turned}"


def format_summary(results: Results) -> list[str]:
    """Return the sentences after the headline: dose, causes, interaction of tactics, recovery, gain from pairing."""
    return [
        text
        for text in (
            format_dose(results),
            format_mixes(results),
            _format_cause(results),
            _format_groups(results),
            _format_voices(results),
            _format_interaction(results),
            format_recovery(results),
            _format_pairing(results),
        )
        if text
    ]


def format_recovery(results: Results) -> str:
    """Return a sentence: how long it took until half of the deficit was made good."""
    found, pooled = results.get_finding("recovery_hours"), results.get_finding("recovery_hours_pooled")
    if found.seeds == 0:
        return "No world had a deficit at the end of the campaign, so there is no recovery to time."
    mean = _format_mean_recovery(pooled, results.get_finding("remaining_pooled"))
    if not math.isfinite(found.value):
        return f"{mean}; nor was it in most single worlds ({found.note})."
    return (
        f"{mean}; in single worlds, where daily numbers are small, half was back after "
        f"{format_number(found.value, 0)} h in the median ({format_number(found.lo, 0)} to "
        f"{format_number(found.hi, 0)} h; {found.note})."
    )


def _format_mean_recovery(pooled: Finding, remaining: Finding) -> str:
    missing = f"{format_number(100 * remaining.value, 0)}% in their last day" if math.isfinite(remaining.value) else ""
    if pooled.note != RECOVERED:
        ending = f" ({missing} was missing)" if missing else ""
        return f"Half of the mean deficit was not made good when the runs ended{ending}"
    if remaining.note == LATE:
        return f"About half of the mean deficit is still missing when the runs end ({missing})"
    return (
        f"Half of the mean deficit was made good {format_number(pooled.value, 0)} h after the campaign\u2019s end "
        "(from then on, the mean of the next day is below half)"
    )


def format_knockouts(results: Results) -> str:
    """Return a sentence on the panel of knock-outs beside the causes; "" if there are none."""
    if results["knockouts"].empty:
        return ""
    return (
        " Right: the share of the loss that disappears when one pathway is switched off for the whole run. Pathways "
        "overlap, so shares need not sum to 100%."
    )


def format_fight_back(results: Results) -> str:
    """Return a sentence: at which share of people who fight back the loss changes its sign; "" if it was not varied."""
    found, tried = results.get_finding("fight_back_turn"), results.get_finding("fight_back_tried")
    if tried.seeds < 2:
        return ""
    ends = format_interval(tried.lo, tried.hi, 2)
    if not math.isfinite(found.value):
        return f"The mean loss keeps its sign at every share of people who fight back from {ends}."
    turns = "changes its sign" if found.note == REVERSED else "may turn"
    open_ = "" if found.note == REVERSED else "; at no share tried is the whole interval on the other side of 0"
    share = f"{format_number(100 * found.value, 0)}%"
    return f"The loss {turns} where {share} fight back ({_format_shares(found)}; tried: {ends}{open_})."


def _format_shares(found: Finding) -> str:
    if math.isnan(found.lo):
        return "one seed, so no interval"
    lo, hi = (
        f"{format_number(100 * end, 0)}%" if math.isfinite(end) else "not reached" for end in (found.lo, found.hi)
    )
    return f"95% bootstrap interval over {found.seeds} seeds: {lo} to {hi}"


def has_variants(results: Results) -> bool:
    """Return whether any other assumption was tried."""
    return bool((~results["robustness"]["family"].isin(("main", "main_few"))).any())


def format_no_difference(results: Results) -> str:
    """Return which rows of the robustness table do not differ clearly from the main setting; "" if all do."""
    table = results["robustness"].query("outcome == 'lost_dissent_percent'")
    within = table[(table["difference_lo"] <= 0) & (table["difference_hi"] >= 0)]
    if within.empty:
        return ""
    names = "; ".join(
        f"{format_variant(row['family'], row['variant'])} ({format_number(row['detectable'])})"
        for row in within.to_dict("records")
    )
    return (
        f"With {within['seeds'].max()} seeds no difference from the main setting was found for the following, in "
        f"brackets the difference in points that would have been found in 80% of such tries: {names}."
    )


def format_uncertainty(results: Results) -> str:
    """Return a sentence: how far unknown parameters move the headline, apart from seeds."""
    parameters, seeds = results.get_finding("variance_parameters"), results.get_finding("variance_seeds")
    priors, main = results.get_finding("prior_range"), results.get_finding("lost_dissent_percent")
    if priors.seeds < 2 or not math.isfinite(parameters.value):
        return "Parameter uncertainty was not measured in this run: intervals cover seeds alone."
    shift = format_interval(priors.lo - main.value, priors.hi - main.value)
    return (
        f"Over the declared priors, seed by seed, the loss runs from {format_interval(priors.lo, priors.hi)}%: each of "
        f"{priors.seeds} draws is compared with the main setting in the same seed and changes the loss by "
        f"{shift} points (5% to 95% of draws; standard deviation {format_number(math.sqrt(parameters.value))}, between "
        f"seeds of the main setting {format_number(math.sqrt(seeds.value))})."
    )


def _format_cause(results: Results) -> str:
    table = results["causes"]
    whole = table[(table["arm"] == ALL) & (table["effort"] == ADDITIVE)]
    total = whole[whole["cause"] == "total"].set_index("change").to_dict("index")
    if not total[LOST]["value"] > 0:
        return ""
    parts = whole[(whole["change"] == LOST) & (whole["cause"] != "total")]
    clear = parts[parts["lo"] > 0].sort_values("value", ascending=False).head(3).to_dict("records")
    named = ", ".join(f"\u201c{CAUSES[row['cause']]}\u201d {format_number(row['value'], 0)}" for row in clear)
    lost, gained = (
        format_estimate(total[change]["value"], total[change]["lo"], total[change]["hi"], 0)
        for change in (LOST, GAINED)
    )
    return (
        f"Intention by intention, {lost} posts a world stand without the operation and not with it, and {gained} the "
        f"reverse. What became of those lost: {named or 'no cause is clear in these seeds'}."
    )


def _format_groups(results: Results) -> str:
    rows = results["groups"].set_index(["kind", "group", "measure"])[["value", "lo", "hi"]].T.to_dict("list")
    net, share = (rows.get(("abuse", "never attacked", measure)) for measure in ("net_percent", "share_of_loss"))
    if net is None or share is None or not math.isfinite(share[0]):
        return ""
    if net[1] > 0:
        lost = format_estimate(net[0], net[1], net[2], unit="%")
        part = f"{format_number(share[0], 0)}% of the net loss of all dissenters"
        return f"Those who were never attacked lose {lost} of their posts, {part}."
    if net[2] < 0:
        return f"Those who were never attacked post {format_estimate(-net[0], -net[2], -net[1], unit='%')} more."
    return f"No loss of those who were never attacked was found: {format_estimate(net[0], net[1], net[2], unit='%')}."


def _format_voices(results: Results) -> str:
    found = results.get_finding("voices")
    if not math.isfinite(found.value):
        return ""
    return (
        "Without the operation the standing dissent of a world is as concentrated as if "
        f"{format_estimate(found.value, found.lo, found.hi)} people wrote it in equal parts, so one world\u2019s "
        "percentage depends on few people."
    )


def _format_interaction(results: Results) -> str:
    table = results["interactions"]
    rows = table[(table["outcome"] == "lost_dissent") & (table["pair"] == "flood x abuse")]
    found = rows[(rows["measure"] == "index") & (rows["effort"] == ADDITIVE)].to_dict("records")
    if not found or not math.isfinite(found[0]["lo"]):
        return ""
    value, lo, hi = (found[0][name] for name in ("value", "lo", "hi"))
    if lo > 0:
        words = "Flood and abuse strengthen each other"
    elif hi < 0:
        words = "Flood and abuse weaken each other"
    else:
        words = "No interaction of flood and abuse was found"
    return f"{words}: interaction {format_number(value, 0)} posts a world (95% interval {format_interval(lo, hi, 0)})."


def _format_pairing(results: Results) -> str:
    table = results["contrasts"]
    rows = table[(table["outcome"] == "lost_dissent") & (table["arm"] == ALL) & (table["effort"] == ADDITIVE)]
    factor = float(rows["pairing_factor"].iloc[0])
    if not math.isfinite(factor):
        return ""
    if factor >= 1:
        return f"Pairing worlds by seed divided the variance of the loss by {format_number(factor)}."
    return (
        f"Pairing worlds by seed did not help: it multiplied the variance of the loss by {format_number(1 / factor)}."
    )
