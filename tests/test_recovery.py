"""Recovery as an experiment: times of known curves, what helps, what the report says, and mistakes in one line."""

from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig, OmegaConf

from experiments import recovery
from experiments.analysis.recoveries import compute_contrasts, compute_speedups, summarise_times
from experiments.experiment import conduct
from experiments.folder import open_result_folder
from experiments.report.recovery import format_headline, format_interventions, format_summary
from experiments.running.work import Work
from sim.errors import InputError
from tests.looks import common_look, rows_of_tables
from tests.playing import list_jobs
from tests.test_conf import composed

SMALL = ["population.size=120", "army.size=8", "extremists.size=2", "ticks=60", "campaign.start=6",
         "campaign.dose=saturation", "campaign.targets=4", "seeds=2", "workers=1", "recovery.hours=[8,18]",
         "recovery.intensities=[0.5,1.0]"]  # fmt: skip


@cache
def small() -> DictConfig:
    config = composed("recovery", *SMALL)
    OmegaConf.resolve(config)
    OmegaConf.set_struct(config, False)
    return config


def asked(*overrides: str) -> DictConfig:
    return OmegaConf.merge(small(), OmegaConf.from_dotlist(list(overrides)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seeds_played: list[int]) -> Path:
    out, config = tmp_path_factory.mktemp("recovery") / "result", asked()
    config.recovery.interventions = {"fear_fades_twice_as_fast": ["reaction.half_life=36"]}
    seeds_played.clear()
    said = StringIO()
    with redirect_stdout(said), open_result_folder(str(out), OmegaConf.to_container(config)) as draft:
        conduct(recovery.Recovery, config, draft, Work())
    (out.parent / "said").write_text(said.getvalue(), encoding="utf-8")
    return out


def test_all_campaigns_are_played_on_the_same_seeds(folder: Path, seeds_played: list[int]):
    assert seeds_played == [1, 1, 1, 2, 2, 2], "two lengths and a help, seed after seed"
    deficits = pd.read_parquet(folder / "deficits.parquet")
    assert set(deficits.groupby(["intervention", "hours", "intensity"])["seed"].unique().map(tuple)) == {(1, 2)}


def test_every_campaign_is_watched_equally_long(folder: Path):
    deficits = pd.read_parquet(folder / "deficits.parquet")
    last = deficits.groupby(["intervention", "hours", "intensity"])["tick"].max()
    assert {(name, hours, x): tick - hours for (name, hours, x), tick in last.items()} == {
        ("as it is", 8, 0.5): 41, ("as it is", 8, 1.0): 41, ("as it is", 18, 0.5): 41, ("as it is", 18, 1.0): 41,
        ("fear_fades_twice_as_fast", 18, 1.0): 41,
    }  # fmt: skip
    assert (deficits.loc[deficits["tick"] < 6, "deficit"] == 0).all(), "the quiet days are the same"
    assert (deficits.loc[deficits["tick"] >= 6, "deficit"] != 0).any()
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 2
    assert "Not modelled" in page


def test_tables_fit_a_terminal(folder: Path):
    said = (folder.parent / "said").read_text(encoding="utf-8")
    assert rows_of_tables(said, "Every campaign") == 1 + 5
    assert rows_of_tables(said, "What speeds up recovery") == 1 + 1


def decaying(half_lives: dict[str, float], floor: float = 0.0) -> pd.DataFrame:
    """Return deficits of 10 posts an hour in hours 24 to 95 that then halve in so many hours, down to a floor."""
    noise, parts = np.random.default_rng(1), []
    tick = np.arange(96 + 240)
    for name, half_life in half_lives.items():
        for seed in range(6):
            after = floor + (10.0 - floor) * 0.5 ** ((tick - 96) / half_life)
            deficit = np.where(tick < 24, 0.0, np.where(tick < 96, 10.0, after)) + noise.normal(0, 0.5, len(tick))
            labels = {"intervention": name, "hours": 72, "intensity": 1.0, "seed": seed}
            parts.append(
                pd.DataFrame(labels | {"tick": tick, "deficit": deficit, "left": np.where(tick < 24, 0, floor)})
            )
    return pd.concat(parts)


def test_a_known_half_life_is_found():
    """The next 24 h average half of the start when exp(-k t) (1 - exp(-24 k)) / (24 k) = 1/2."""
    found = summarise_times(decaying({"as it is": 48.0}), 24).iloc[0]
    k = np.log(2) / 48
    expected = -np.log(0.5 * 24 * k / (1 - np.exp(-24 * k))) / k
    assert found["half_life"] == pytest.approx(expected, abs=2.0)
    assert found["lo"] <= found["half_life"] <= found["hi"]
    assert found["reference"] == pytest.approx(10.0, abs=0.2)
    assert found["recovered"] == 6
    assert found["remaining"] == pytest.approx(0.04, abs=0.02)


def test_a_deficit_with_a_floor_is_censored_and_told():
    table = summarise_times(decaying({"as it is": 24.0}, floor=6.0), 24)
    found = table.iloc[0]
    assert np.isinf(found["half_life"])
    assert found["recovered"] == 0
    assert found["remaining"] == pytest.approx(0.6, abs=0.03)
    assert found["leaver_share"] == pytest.approx(0.6, abs=0.03)
    assert "72 h: not within the run [not within the run]" in format_headline(table)


NOTHING = "No campaign left a deficit that differs clearly from 0 in these seeds, so there is nothing to recover from: "


@pytest.mark.parametrize("spread", [0.0, 40.0])
def test_no_deficit_is_no_recovery(spread: float):
    """A mean deficit below 0, or one that seeds cannot tell from 0, is not timed, even if some seeds have one."""
    nothing = decaying({"as it is": 24.0})
    luck = np.linspace(-1.0, 1.2, 6)[nothing["seed"]]
    table = summarise_times(nothing.assign(deficit=spread * luck - (spread == 0.0)), 24)
    assert format_headline(table).startswith(NOTHING)
    assert table[["half_life", "lo", "hi", "median", "remaining", "leaver_share"]].isna().all(axis=None)
    assert (table["with_deficit"] > 0).all() == (spread > 0.0)
    assert format_summary(table, compute_contrasts(nothing, 24)) == []


def test_a_single_seed_can_not_tell_a_deficit():
    one = decaying({"as it is": 24.0}).query("seed == 0")
    assert format_headline(summarise_times(one, 24)).startswith(NOTHING)


def test_campaigns_without_a_deficit_are_named_beside_the_others():
    found = decaying({"as it is": 24.0})
    table = summarise_times(pd.concat([found, found.assign(hours=60, deficit=-1.0)]), 24)
    assert format_headline(table).endswith("; no deficit to recover from after 60 h.")


def test_a_median_that_half_never_reach_is_beyond_the_run():
    found = summarise_times(decaying({"as it is": 24.0}, floor=8.0), 24).iloc[0]
    assert np.isinf(found["median"])


def test_what_helps_is_told_from_what_does_not():
    both = decaying({"as it is": 300.0, "quick": 30.0, "same": 300.0})
    found = compute_speedups(both, 24).set_index("intervention")
    assert found.loc["quick", "hi"] < 0
    assert found.loc["same", "lo"] < 0.1
    assert abs(found.loc["same", "remaining_change"]) < 0.3
    assert abs(found.loc["quick", "deficit_change"]) < 0.3


def test_longer_campaigns_are_told_apart_only_if_they_are():
    short = decaying({"as it is": 24.0}, floor=1.0).assign(hours=60)
    long = decaying({"as it is": 24.0}, floor=6.0).assign(hours=71)
    mild = long.assign(intensity=0.5, deficit=long["deficit"] * 0.5)
    both = pd.concat([short, long, mild])
    by_length, by_level = compute_contrasts(both, 24).to_dict("records")
    assert by_length["change"] == pytest.approx(0.5, abs=0.03)
    assert 0 < by_length["lo"] < by_length["change"] < by_length["hi"]
    assert by_level["change"] == pytest.approx(0.0, abs=1e-9), "half of everything, in the same seeds"
    share, longer, harder = format_summary(summarise_times(both, 24), compute_contrasts(both, 24))
    assert share.startswith("Of the deficit, 9% [")
    assert longer.startswith("Longer campaigns leave a larger share: 5")
    assert harder.startswith("Harder campaigns were not found to leave a larger share: 0 points [0 to 0] 1 against 0.5")
    nothing = pd.concat([short.assign(deficit=-1.0), long])
    assert compute_contrasts(nothing, 24)["lo"].isna().all()
    assert compute_contrasts(long, 24).empty


def test_pairing_tells_apart_what_seeds_alone_would_not():
    """Seeds differ much in what is left, but in each of them longer leaves a little more."""
    base = decaying({"as it is": 24.0})
    late, luck = base["tick"] >= 96, np.linspace(0.0, 8.0, 6)[base["seed"]]
    short, long = (base.assign(hours=h, deficit=base["deficit"] + late * (luck + x)) for h, x in ((60, 0), (71, 0.5)))
    table = summarise_times(pd.concat([short, long]), 24).set_index("hours")
    assert table.loc[60, "remaining_hi"] > table.loc[71, "remaining_lo"], "the two intervals overlap"
    assert compute_contrasts(pd.concat([short, long]), 24)["lo"].iloc[0] > 0


def test_what_helps_is_said_only_where_there_was_a_deficit():
    both = decaying({"as it is": 300.0, "quick": 30.0})
    assert format_interventions(summarise_times(both, 24), compute_speedups(both, 24)) == [
        "Less is missing at the end of the longest and hardest campaign with: quick."
    ]
    none = both.assign(deficit=both["deficit"] - 20.0)
    assert compute_speedups(none, 24)["hi"].iloc[0] < 0
    assert format_interventions(summarise_times(none, 24), compute_speedups(none, 24)) == []


HOURS = "must be a rising list of one or more, each item a whole number from 1, as in [24,72]"
INTENSITIES = "must be a rising list of one or more, each item a number above 0 to 1, as in [0.5,1.0]"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("recovery.hours=[20,8]", f"recovery.hours=[20, 8] {HOURS}"),
        ("recovery.hours=24", f"recovery.hours=24 {HOURS}"),
        ("recovery.hours=[]", f"recovery.hours=[] {HOURS}"),
        ("recovery.intensities=[0,1]", f"recovery.intensities=[0, 1] {INTENSITIES}"),
        ("recovery.intensities=[x]", f"recovery.intensities=[x] {INTENSITIES}"),
        (
            "recovery.interventions=3",
            "recovery.interventions=3 must be names, each with a list, each item KEY=VALUE or GROUP=CHOICE, as in "
            "'{NAME: [\"KEY=VALUE\"]}'",
        ),
        (
            "recovery.interventions.one=x",
            "recovery.interventions.one=x must be a list, each item KEY=VALUE or GROUP=CHOICE, as in '[\"KEY=VALUE\"]'",
        ),
        ("ticks=47", "ticks=47 leaves no day to recover: say ticks=48"),
        ("army.size=0", "there is no campaign: set campaign.tactics and army.size"),
        (
            "recovery.interventions.magic=['reaction.magic=1']",
            "recovery.interventions.magic has reaction.magic=1, which names no key: did you mean reaction.",
        ),
    ],
)
def test_mistakes_are_one_line(override: str, said: str):
    with pytest.raises(InputError) as error:
        list_jobs(recovery.Recovery, asked(override))
    assert str(error.value).startswith(said)
