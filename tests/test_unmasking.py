"""Sleepers unmasked: every case is played, trust is the path, mistakes are one line."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import unmasking
from experiments.analysis.unmaskings import compute_costs
from experiments.experiment import start
from experiments.report.unmasking import format_headline
from sim.errors import InputError
from tests.looks import common_look
from tests.playing import list_jobs
from tests.test_conf import composed

SMALL = [
    "population.size=100", "ticks=44", "seeds=2", "workers=1", "unmasking.numbers=[1,3]", "unmasking.hours=[26]",
    "forces.sleepers.hired_at=20", "forces.sleepers.operations.awake.start=24",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unmasking") / "result"
    argv, sys.argv = sys.argv, ["unmasking", *SMALL, f"out={out}"]
    try:
        start(unmasking.Unmasking)
    finally:
        sys.argv = argv
    return out


def test_every_case_is_played_and_trust_is_its_path(folder: Path):
    ticks = pd.read_parquet(folder / "ticks.parquet")
    ends = ticks[ticks["tick"] == 43]
    assert len(ends) == 2 * 2 * 3
    assert (ends["unmasked"] == ends["number"]).all()
    table = pd.read_parquet(folder / "unmasking.parquet").set_index(["number", "spillover", "measure"])["value"]
    lost = table.xs("credibility_dissenters", level="measure")
    assert 0 < lost[1, True] < lost[3, True]
    assert lost[1, False] == lost[3, False] == 0
    assert "sleepers unmasked at hour 26 " in (folder / "report.html").read_text(encoding="utf-8")
    common_look(folder / "report.html")


def test_costs_are_counted_from_the_hour_on():
    frame = pd.DataFrame(
        {"tick": tick, "number": number, "hour": 2 if number else -1, "spillover": True, "seed": seed,
         "credibility_dissenters": 0.7 - 0.1 * number, "dissent_impressions": 10 - number, "dissent_posts": 1}
        for tick in range(4) for number in (0, 3) for seed in (1, 2)
    )  # fmt: skip
    found = compute_costs(frame).set_index("measure")
    assert found.loc["dissent_impressions", "value"] == 6
    assert found.loc["dissent_impressions", "percent"] == pytest.approx(30.0)
    assert found.loc["credibility_dissenters", "value"] == pytest.approx(0.3)
    assert found.loc["dissent_posts", "value"] == 0


def test_the_headline_says_whether_there_is_an_effect():
    rows = [
        {"number": 3, "hour": 26, "spillover": spills, "measure": "dissent_impressions", "value": 5.0, "lo": lo,
         "hi": 9.0, "percent": 2.0, "seeds": 4}
        for spills, lo in ((True, 1.0), (False, 1.0))
    ]  # fmt: skip
    sure = pd.DataFrame(rows)
    assert format_headline(sure).startswith("3 sleepers unmasked at hour 26 cost 5 (")
    assert "have no clear effect, 5 (" in format_headline(sure.assign(lo=-1.0))
    fewer = format_headline(sure.assign(value=-5.0, lo=-7.0, hi=-3.0, percent=-2.0))
    assert "cost nothing: dissent gains 5 (95% interval 3 to 7) impressions of dissent (2" in fewer
    assert "−" not in fewer


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "unmasking.hours=3",
            "unmasking.hours=3 must be a list of one or more, each item a whole number from 0",
        ),
        (
            "unmasking.numbers=[0]",
            "unmasking.numbers=[0] must be a list of one or more, each item a whole number from 1, as in [1,3]",
        ),
        ("unmasking.hours=[99]", "unmasking.hours=[99] goes beyond ticks=44: say fewer hours"),
        ("scenario=protest_day", "nobody is unmasked here: say scenario=sleepers_unmasked"),
    ],
)
def test_mistakes_are_one_line(override: str, said: str):
    words = [word for word in SMALL if not ("protest" in override and word.startswith("forces"))]
    config = composed("unmasking", *words, override)
    OmegaConf.resolve(config)
    with pytest.raises(InputError) as error:
        list_jobs(unmasking.Unmasking, config)
    assert str(error.value).startswith(said)
