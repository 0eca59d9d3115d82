"""The report of the main job: from a folder of results to figures and one page."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure
from rich.text import Text

from experiments.report import bars, figures, formatting, tables, terminal
from experiments.report.doses import draw_dose
from experiments.report.flows import draw_flows
from experiments.report.mixes import draw_mixes
from experiments.report.page import Drawing, Report
from experiments.report.results import Results, read_results

TITLE = "What a campaign of flooding and abuse costs dissent: paired worlds, with the operation and without"

CAVEATS = (
    "An illustration, not a reconstruction: the people, the graph and the campaign are synthetic. Posts carry no "
    "text, and no date, place or number is that of a real campaign.",
    "The interval covers chance alone (each seed draws people, graph and events anew). {unknown}",
    "Hypothesis, not finding: abuse in a flooded topic silences people who were never attacked (anticipatory fear). "
    "Its weight is an assumption.",
    "The headline is the mean over worlds of each world\u2019s percentage, net of what is gained; the tables of posts "
    "are means of counts.",
    "Not modelled: a second platform to move to, closed channels, private talk, fear of the state itself, what is "
    "said on other topics, and operators who learn.",
    "Dissent is counted for people who dissented when the run began; people who dissent only later are not counted.",
    "Dissent\u2019s share of what is seen falls by arithmetic alone when an army fills the topic: always read it "
    "beside the absolute impressions.",
)

FILES = {
    "summary.parquet": "a row an arm, effort and seed",
    "ticks.parquet": "a row an hour of every main run",
    "transitions.parquet": "intentions by hour, how they end without the operation and how with it, an arm and seed",
    "causes.parquet": "lost and gained posts of every arm, by cause",
    "doses.parquet": "lost dissent and impressions at each dose",
    "mixes.parquet": "lost dissent under each mix of reactions to fear",
    "decomposition.parquet": "Shapley values by outcome and tactic",
    "robustness.parquet": "the headline under other assumptions",
    "run.yaml": "what was run, with which versions, and which files it made",
    "figures/": "every picture as PNG and SVG",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`.

    Raises:
        FileNotFoundError: a result file is missing.
    """
    results = read_results(folder)
    found, priors = results.get_finding("lost_dissent_percent"), results.get_finding("prior_range")
    told = (formatting.format_no_difference, formatting.format_fight_back, formatting.format_uncertainty)
    briefs = ((make(results), kept) for make, kept in terminal.TERMINAL_COLUMNS.items())
    return Report(
        TITLE,
        formatting.format_headline(found, priors, results.get_finding("army_share")),
        formatting.format_summary(results),
        [
            _draw(results, name)
            for name in PICTURES
            if (name != "robustness" or priors.seeds or formatting.has_variants(results))
            and (name != "dose" or len(results["doses"]))
            and (name != "mixes" or len(results["mixes"]))
        ],
        tables.make_all_tables(results),
        [
            *results.run.get("notes", ()),
            *(caveat.format(unknown=formatting.format_unknown(results)) for caveat in CAVEATS),
        ],
        FILES,
        [
            *(terminal.make_grid(table, kept) for table, kept in briefs if table.rows),
            *(Text(sentence) for format in told if (sentence := format(results))),
        ],
    )


#: sentences that captions hold in braces, by name
CAPTION_SENTENCES = (
    formatting.format_dose,
    formatting.format_mixes,
    formatting.format_knockouts,
    formatting.format_no_difference,
    formatting.format_fight_back,
    formatting.format_uncertainty,
    formatting.format_recovery,
)

#: name of the file -> how it is drawn, its title, and a caption that says what to look at
PICTURES: dict[str, tuple[Callable[[Results], Figure], str, str]] = {
    "headline": (
        figures.draw_headline,
        "Dissent with and without the operation",
        "Look at the gap between the lines: the same people, graph and chance, with the operation and without it. The "
        "band is the 95% interval of the paired difference. Below, intention by intention and as a mean over worlds: "
        "posts that stand only without the operation (lost, by what became of them with it) and only with it (gained, "
        "by what became of them without it).",
    ),
    "dose": (
        draw_dose,
        "Dose and response",
        "Look at where the curves rise. The dose is the army\u2019s share of the posts on the topic during the "
        "campaign; the axis is even in the ratio of its posts to those of others. Bands are 95% intervals over seeds. "
        "{dose}",
    ),
    "mixes": (
        draw_mixes,
        "The mix of reactions is the number",
        "Go along a row, then along a column: the loss depends on how many people speak less when afraid and how many "
        "speak more. The rest of the people go on as before. 95% intervals over seeds. {mixes}",
    ),
    "arms": (
        bars.draw_arms,
        "Every mix of tactics",
        "Compare one tactic with two. Where only the chosen platoons work, a mix also has more members at work. At "
        "equal effort all mixes have the same member-hours, so only the mix differs.",
    ),
    "tactics": (
        bars.draw_tactics,
        "Which tactic did it",
        "Solid bars are Shapley values and sum to the effect of the whole operation. The hatched bar is the "
        "interaction of flood and abuse: above zero they strengthen each other. Lines are 95% intervals.",
    ),
    "causes": (
        bars.draw_causes,
        "Why: what became of the same intentions",
        "Each lost post is in exactly one category, by what became of it with the operation; the four withheld ones "
        "come first. {withheld_fear}, {withheld_climate}: in that moment, lifting that alone would restore the post. "
        "{withheld_joint}: lifting either one would. {withheld_redundant}: only lifting both would. Gained posts stand "
        "in the category that they had without it.{knockouts}",
    ),
    "flows": (
        draw_flows,
        "Every intention, without the operation and with it",
        "Left: how the intentions of dissenters end without the operation; right: with it. A band is as thick as the "
        "number of intentions that go that way; look at the coloured ones, which are lost or gained.",
    ),
    "visibility": (
        figures.draw_visibility,
        "What was seen and what was believed",
        "Top: dissent seen, in absolute numbers and as a share (which falls by arithmetic alone when an army posts "
        "much). Bottom: what people believe about support, and what is true. Means of the last 24 h.",
    ),
    "robustness": (
        bars.draw_robustness,
        "Which signs survive other assumptions",
        "Left: look for intervals that include zero. Right, the difference from the main setting in the same seeds: "
        "look for intervals that do not. {no_difference} {fight_back} {uncertainty}",
    ),
    "recovery": (
        figures.draw_recovery,
        "How long it lasts",
        "{recovery} \u201cHalf\u201d is half of the mean deficit in the campaign\u2019s last three days. Left: the "
        "mean over worlds with the 95% interval of the paired difference. Right: the Kaplan\u2013Meier share of "
        "worlds that have not yet recovered half of their own deficit.",
    ),
}


def _draw(results: Results, name: str) -> Drawing:
    make, title, caption = PICTURES[name]
    figure = make(results)
    about = (make.__doc__ or title).strip().splitlines()[0]
    told = {sentence.__name__.removeprefix("format_"): sentence(results) for sentence in CAPTION_SENTENCES}
    told |= {name: f"\u201c{label}\u201d" for name, label in formatting.CAUSES.items()}
    return Drawing(name, title, figure, caption.format(**told), f"{title}. {about}")
