"""The report: its words follow the numbers, its page stands alone, its pictures are always drawn."""

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from math import inf, nan
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
import yaml
from rich.console import Console
from rich.text import Text

from experiments.analysis import Analysis, analyse
from experiments.report import formatting, style, tables, terminal
from experiments.report.page import Page, Picture, Report, Table, render, write_report
from experiments.report.results import TABLES, Finding, Results, read_results
from experiments.report.style import apply_style, inline_svg
from experiments.report.suppression import PICTURES, compose
from tests.synthetic_suppression import TACTICS, Recipe, main_frames, main_groups, main_transitions, variants

RUN = {
    "command": "python -m experiments.suppression seeds=3",
    "campaign": {"start": 96, "stop": 192},
    "facts": {"Scenario": "a <test> & more", "Seeds": "3 (0 to 2)"},
    "versions": {"python": "3.11"},
    "notes": ["Fewer seeds than the default of 20."],
}
RECIPE = Recipe(seeds=3, ticks=336, start=96, stop=192)
NO_PRIORS = Finding(nan, nan, nan, 0, "")
NO_DOSE = Finding(nan, nan, nan, 0, "")


def write(folder: Path) -> Report:
    return write_report(partial(compose, folder), folder)


def put(analysis: Analysis, folder: Path, recipe: Recipe) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in analysis.to_frames().items():
        frame.to_parquet(folder / f"{name}.parquet")
    run = {**RUN, "campaign": {"start": recipe.start, "stop": recipe.stop}}
    (folder / "about.yaml").write_text(yaml.safe_dump(run), encoding="utf-8")
    (folder / "config.yaml").write_text("ticks: 336\n", encoding="utf-8")
    return folder


def made(recipe: Recipe, folder: Path, more: pd.DataFrame | None = None) -> Path:
    runs, ticks = main_frames(recipe)
    runs = runs if more is None else pd.concat([runs, more], ignore_index=True)
    return put(
        analyse(runs, ticks, main_transitions(recipe), main_groups(recipe), TACTICS, recipe.start, recipe.stop),
        folder,
        recipe,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = made(RECIPE, tmp_path_factory.mktemp("run"), variants(seeds=2))
    write(path)
    return path


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


SERVED = """
import matplotlib as mpl
from solara.server.app import patch
from experiments.report.style import apply_style
patch.patch_matplotlib()
before = dict(mpl.rcParams)
with apply_style():
    inside = mpl.rcParams["axes.titlelocation"]
print(inside, "left alone" if dict(mpl.rcParams) == before else "changed")
"""


class Outline(HTMLParser):
    """Open and close tags in order, the first heading's text, and every attribute that could load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in ("meta", "br", "link", "img"):
            self.stack.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data", "srcset", "poster") and not value.startswith("#"):
                self.loads.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


class TestHeadline:
    @pytest.mark.parametrize(
        ("found", "priors", "sentence"),
        [
            (
                Finding(19.11, 18.8, 19.42, 20, ""),
                Finding(17.8, 8.0, 30.1, 16, ""),
                "The campaign cost dissent 19.1% of the posts that would have stood (95% interval 18.8 to 19.4, "
                "20 paired worlds); over the declared priors, seed by seed, the loss runs from 8.0% to 30.1%.",
            ),
            (
                Finding(19.11, 18.8, 19.42, 20, ""),
                Finding(17.8, -2.0, 30.1, 16, ""),
                "The campaign cost dissent 19.1% of the posts that would have stood (95% interval 18.8 to 19.4, "
                "20 paired worlds); over the declared priors, seed by seed, the loss runs from \u22122.0% to 30.1%, so "
                "even its sign depends on parameters that are not known.",
            ),
            (
                Finding(-4.2, -6.0, -2.4, 20, ""),
                NO_PRIORS,
                "The campaign did not silence dissent but raised it by 4.2% of its posts (95% interval 2.4 to 6.0, "
                "20 paired worlds).",
            ),
            (
                Finding(0.31, -1.0, 1.62, 20, ""),
                NO_PRIORS,
                "No effect of the campaign on dissent was found: the loss is 0.3% (95% interval \u22121.0 to 1.6, "
                "20 paired worlds).",
            ),
            (
                Finding(12.0, nan, nan, 1, ""),
                NO_PRIORS,
                "In a single pair of worlds dissent lost 12.0% under the campaign; an interval needs two seeds "
                "or more.",
            ),
            (
                Finding(-3.0, nan, nan, 1, ""),
                NO_PRIORS,
                "In a single pair of worlds dissent gained 3.0% under the campaign; an interval needs two seeds "
                "or more.",
            ),
            (
                Finding(nan, nan, nan, 0, ""),
                NO_PRIORS,
                "There was no dissent in the worlds without the campaign, so the campaign could not reduce it.",
            ),
        ],
    )
    def test_golden(self, found, priors, sentence):
        assert formatting.format_headline(found, priors, NO_DOSE) == sentence

    def test_the_dose_is_named_beside_an_effect(self):
        dose = Finding(0.1904, 0.18, 0.2, 5, "")
        sentence = formatting.format_headline(Finding(12.0, 8.0, 16.0, 5, ""), NO_PRIORS, dose)
        assert sentence.startswith("Writing 19% of the posts on the topic, the campaign cost dissent 12.0%")

    @pytest.mark.parametrize(
        ("share", "text"), [(0.96, "96%"), (0.0123, "1.2%"), (0.00034, "0.034%"), (0.0, "0%"), (1.0, "100%")]
    )
    def test_shares_keep_two_digits_that_count(self, share, text):
        assert formatting.format_share(share) == text

    def test_half_of_the_loss_has_its_dose(self, folder):
        sentence = formatting.format_dose(read_results(folder))
        half = read_results(folder).get_finding("half_dose")
        assert sentence.startswith("Half of the loss at the highest dose tried")
        assert f"the army writes {formatting.format_share(half.value)} of the posts" in sentence

    def test_an_interval_that_touches_zero_is_no_effect(self):
        assert formatting.format_headline(Finding(1.0, 0.0, 2.0, 5, ""), NO_PRIORS, NO_DOSE).startswith("No effect")
        assert formatting.format_headline(Finding(-1.0, -2.0, 0.0, 5, ""), NO_PRIORS, NO_DOSE).startswith("No effect")

    @pytest.mark.parametrize(
        ("value", "digits", "text"),
        [(-1.25, 1, "\u22121.2"), (-0.01, 1, "0.0"), (12345.6, 0, "12,346"), (nan, 1, "unknown")],
    )
    def test_numbers(self, value, digits, text):
        assert formatting.format_number(value, digits) == text


class TestPage:
    def test_opens_with_the_sentence_its_number_and_its_interval(self, folder, html):
        results = read_results(folder)
        found = results.get_finding("lost_dissent_percent")
        first = re.search(r"<body>\s*<main>\s*<h1>(.*?)</h1>", html, re.DOTALL).group(1)
        assert first == formatting.format_headline(
            found, results.get_finding("prior_range"), results.get_finding("army_share")
        )
        assert f"{found.value:.1f}%" in first
        assert f"{found.lo:.1f} to {found.hi:.1f}" in first

    def test_stands_alone(self, html):
        outline = Outline(html)
        assert outline.stack == []
        assert outline.loads == []
        assert not {"script", "link", "iframe", "img", "object"} & set(outline.seen)
        assert "://" not in html
        assert "@import" not in html

    def test_ids_are_unique_and_every_reference_is_met(self, html):
        ids = Outline(html).ids
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html))
        for pair in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html):
            assert (pair[0] or pair[1]) in ids

    def test_every_picture_has_words_for_those_who_do_not_see_it(self, html):
        labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', html)
        assert len(labels) == len(PICTURES)
        assert all(len(label) > 40 for label in labels)

    def test_says_what_was_run_and_what_it_does_not_show(self, html):
        for text in (RUN["command"], RUN["notes"][0], "a &lt;test&gt; &amp; more", "Not modelled", "Hypothesis"):
            assert text in html

    def test_placeholders_are_filled(self, html):
        prose = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", html, flags=re.DOTALL)
        assert "{" not in prose
        assert "nan" not in re.findall(r"\w+", prose)

    def test_the_frame_serves_any_experiment(self):
        picture = Picture("A <b>", '<svg viewBox="0 0 1 1"></svg>', "look", 'say "it"')
        page = Page("t", "h 1%", ["l"], [picture], [Table("x", ["a"], [["<1>"]])], {}, ["c"], "cmd")
        text = render(page)
        assert "A &lt;b&gt;" in text
        assert 'aria-label="say &#34;it&#34;" viewBox="0 0 1 1"' in text
        assert "&lt;1&gt;" in text


SINGLE = (
    "in single worlds, where daily numbers are small, half was back after 18 h in the median (2 to 43 h; 1 censored, 0 "
    "without a deficit)."
)
MEDIAN = Finding(18.0, 2.0, 43.0, 20, "1 censored, 0 without a deficit")


def told(**findings: Finding) -> Results:
    table = pd.DataFrame(list(findings.values())).assign(name=list(findings))
    return Results({}, {"findings": table}, "")


class TestRecoveryWords:
    @pytest.mark.parametrize(
        ("median", "pooled", "remaining", "sentence"),
        [
            (
                MEDIAN,
                Finding(22.0, nan, nan, 20, "recovered"),
                Finding(0.1, nan, nan, 20, ""),
                "Half of the mean deficit was made good 22 h after the campaign\u2019s end (from then on, the mean "
                f"of the next day is below half); {SINGLE}",
            ),
            (
                MEDIAN,
                Finding(94.0, nan, nan, 20, "recovered"),
                Finding(0.48, nan, nan, 20, "late"),
                f"About half of the mean deficit is still missing when the runs end (48% in their last day); {SINGLE}",
            ),
            (
                Finding(nan, 60.0, 60.0, 20, "20 censored, 0 without a deficit"),
                Finding(60.0, nan, nan, 20, "censored"),
                Finding(0.7, nan, nan, 20, ""),
                "Half of the mean deficit was not made good when the runs ended (70% in their last day was missing); "
                "nor was it in most single worlds (20 censored, 0 without a deficit).",
            ),
            (
                Finding(nan, nan, nan, 0, "0 censored, 20 without a deficit"),
                Finding(nan, nan, nan, 20, "no deficit"),
                Finding(nan, nan, nan, 20, ""),
                "No world had a deficit at the end of the campaign, so there is no recovery to time.",
            ),
        ],
    )
    def test_golden(self, median, pooled, remaining, sentence):
        found = told(recovery_hours=median, recovery_hours_pooled=pooled, remaining_pooled=remaining)
        assert formatting.format_recovery(found) == sentence


class TestTurningWords:
    @pytest.mark.parametrize(
        ("turn", "sentence"),
        [
            (
                Finding(0.49, 0.4, inf, 6, ""),
                "The loss may turn where 49% fight back (95% bootstrap interval over 6 seeds: 40% to not reached; "
                "tried: 0.00 to 0.60; at no share tried is the whole interval on the other side of 0).",
            ),
            (
                Finding(0.3, 0.25, 0.36, 6, "reversed"),
                "The loss changes its sign where 30% fight back (95% bootstrap interval over 6 seeds: 25% to 36%; "
                "tried: 0.00 to 0.60).",
            ),
            (
                Finding(nan, inf, inf, 6, ""),
                "The mean loss keeps its sign at every share of people who fight back from 0.00 to 0.60.",
            ),
        ],
    )
    def test_golden(self, turn, sentence):
        assert (
            formatting.format_fight_back(told(fight_back_turn=turn, fight_back_tried=Finding(nan, 0.0, 0.6, 4, "")))
            == sentence
        )

    def test_nothing_is_said_of_what_was_not_varied(self):
        nothing = Finding(nan, nan, nan, 0, "")
        assert formatting.format_fight_back(told(fight_back_turn=nothing, fight_back_tried=nothing)) == ""


class TestWhatWasLeftOut:
    def test_no_empty_table_or_picture_is_shown(self, tmp_path):
        results = write(made(RECIPE, tmp_path))
        page, shown = (tmp_path / "report.html").read_text(encoding="utf-8"), printed(results, tmp_path)
        for title in ("Which signs survive", "knock-outs", "other assumptions</h", "fight back", "Right, the share"):
            assert title not in page
            assert title not in shown
        assert not (tmp_path / "figures" / "robustness.png").exists()
        assert "Lost and gained posts by cause" in shown

    def test_few_seeds_of_the_knockouts_are_told(self, folder):
        assert (
            tables.make_knockouts_table(read_results(folder)).title
            == "Whole-run knock-outs, on 2 of the 3 seeds of every arm"
        )


class TestWhatIsSaidOfCauses:
    def test_only_causes_with_a_clear_interval_are_named(self, folder):
        results = read_results(folder)
        sentence = next(text for text in formatting.format_summary(results) if "Intention by intention" in text)
        rows = results["causes"].query(
            "arm == 'all' and effort == 'additive' and change == 'lost' and cause != 'total'"
        )
        clear = {formatting.CAUSES[row.cause] for row in rows.itertuples() if row.lo > 0}
        named = {label for label in formatting.CAUSES.values() if f"\u201c{label}\u201d" in sentence}
        assert named <= clear
        assert len(named) == min(3, len(clear)) > 0

    def test_rows_that_can_not_be_told_apart_are_named(self, folder):
        results = read_results(folder)
        table = results["robustness"].query("outcome == 'lost_dissent_percent' and family == 'robustness'")
        within = table[(table["difference_lo"] <= 0) & (table["difference_hi"] >= 0)]["variant"]
        assert len(within)
        sentence = formatting.format_no_difference(results)
        assert [name in sentence for name in table["variant"]] == table["variant"].isin(within).tolist()


def printed(results: Report, folder: Path) -> str:
    with (folder / "log").open("w") as file:
        console = Console(record=True, width=80, file=file)
        terminal.show_report(results, console)
    return console.export_text()


class TestFigures:
    def test_each_is_written_twice(self, folder):
        for name in PICTURES:
            assert (folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
            assert "<svg" in (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")

    def test_the_same_results_give_the_same_bytes(self, folder, html, tmp_path):
        for path in folder.iterdir():
            if path.is_file() and path.name != "report.html":
                shutil.copy(path, tmp_path)
        write(tmp_path)
        assert (tmp_path / "report.html").read_text(encoding="utf-8") == html

    def test_the_callers_settings_are_left_alone(self):
        with mpl.rc_context({"font.size": 23.0}):
            with apply_style():
                assert mpl.rcParams["font.size"] == 9
            assert mpl.rcParams["font.size"] == 23.0

    def test_they_are_left_alone_in_a_process_that_served_the_live_page(self):
        pytest.importorskip("solara", reason="solara is not installed: make install")
        # In a process of its own: what the page's server loads stays loaded, without the page to serve.
        done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "left left alone\n"), done.stderr

    def test_inline_keeps_references_apart(self):
        head = '<?xml?><svg xmlns="x" width="1pt" height="2pt" viewBox="0"><metadata>m</metadata>'
        svg = head + '<g id="a"/><use href="#a"/></svg>'
        assert inline_svg(svg, "n") == '<svg viewBox="0"><g id="n-a"/><use href="#n-a"/></svg>'


class TestEdges:
    @pytest.mark.parametrize(
        "recipe",
        [
            Recipe(seeds=1, ticks=200, start=48, stop=120),
            Recipe(seeds=2, ticks=2, start=168, stop=336),
            Recipe(strength=0.0, seeds=3, ticks=120, start=24, stop=72),
            Recipe(strength=-0.6, seeds=3, ticks=130, start=24, stop=120),
        ],
        ids=["one seed", "two ticks", "silent army", "backlash, and an end before recovery"],
    )
    def test_a_page_comes_out_and_no_nan_shows(self, recipe, tmp_path, monkeypatch):
        monkeypatch.setattr(style, "save_figure", lambda figure, *_: figure.draw_without_rendering() or "<svg ></svg>")
        results = write(made(recipe, tmp_path))
        text = (tmp_path / "report.html").read_text(encoding="utf-8")
        console = Console(record=True, width=80, file=(tmp_path / "log").open("w"))
        terminal.show_report(results, console)
        console.file.close()
        assert not re.search(r"\bnan\b", re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL))
        assert not re.search(r"\bnan\b", console.export_text())

    @pytest.mark.parametrize(
        ("strength", "start"), [(1.0, "The campaign cost"), (-1.0, "The campaign did not"), (0.0, "No effect")]
    )
    def test_the_headline_follows_the_runs(self, strength, start, tmp_path):
        results = read_results(made(Recipe(strength, 4, 168, 48, 120), tmp_path))
        assert formatting.format_headline(results.get_finding("lost_dissent_percent"), NO_PRIORS, NO_DOSE).startswith(
            start
        )

    def test_programs_read_what_the_page_and_the_terminal_say(self, folder):
        told, plain = write(folder), json.loads((folder / "report.json").read_text(encoding="utf-8"))
        assert plain["headline"] == told.headline
        assert plain["sentences"] == [*told.summary, *(part.plain for part in told.shown if isinstance(part, Text))]
        assert len(plain["sentences"]) > len(told.summary)
        assert [(t["title"], t["columns"], t["rows"]) for t in plain["tables"]] == [
            (t.title, list(t.columns), [list(row) for row in t.rows]) for t in told.tables
        ]

    @pytest.mark.parametrize("name", ["about.yaml", *(f"{name}.parquet" for name in TABLES)])
    def test_a_missing_file_is_named_and_nothing_is_written(self, folder, tmp_path, name):
        for path in folder.iterdir():
            if path.is_file() and path.name not in (name, "report.html"):
                shutil.copy(path, tmp_path)
        with pytest.raises(FileNotFoundError, match=re.escape(name)) as error:
            write(tmp_path)
        assert "\n" not in str(error.value)
        assert not (tmp_path / "report.html").exists()
        assert not (tmp_path / "figures").exists()


class TestTerminal:
    def test_fits_eighty_columns_and_says_the_headline(self, folder):
        results = compose(folder)
        console = Console(record=True, width=80, file=(folder / "log").open("w"))
        terminal.show_report(results, console)
        console.file.close()
        text = console.export_text()
        assert max(map(len, text.splitlines())) <= 80
        flat = " ".join(text.split())
        assert results.headline in flat
        for part in ("flood+abuse", "withheld: fear", "climate effect 0", "60% fight back"):
            assert part in text

    def test_square_brackets_are_text_and_not_markup(self, folder):
        results = compose(folder)
        console = Console(record=True, width=100, file=(folder / "log").open("w"))
        terminal.show_report(results, console)
        console.file.close()
        assert re.search(r"\d \[\d+\.\d to \d+\.\d\]\s", console.export_text())
