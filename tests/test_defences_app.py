"""Defences compared: the Pareto front, paired effects, what the report says, and mistakes in one line."""

from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig, OmegaConf

from experiments import defences
from experiments.analysis.defences import (
    COUNTS,
    INNOCENT,
    classify_effect,
    classify_variations,
    compute_effects,
    compute_pair_gains,
    find_pareto_front,
    select_significant,
    summarise_effects,
)
from experiments.experiment import conduct
from experiments.folder import open_result_folder
from experiments.report import defences_tables as tables
from experiments.report.defences import (
    format_headline,
    format_pair_gains,
    format_significance,
    format_summary,
    format_visibility,
    select_first_scenario,
)
from experiments.running.work import Work
from sim.actors.counterspeech import CounterSpeech
from sim.errors import InputError
from sim.mechanisms.defences.base import Defence
from tests.looks import common_look, rows_of_tables
from tests.playing import list_jobs
from tests.test_conf import composed

SMALL = ["population.size=120", "army.size=8", "extremists.size=2", "ticks=36", "campaign.start=2", "campaign.hours=10",
         "campaign.dose=saturation", "campaign.targets=4", "seeds=2", "workers=1"]  # fmt: skip
FEW = ["comparison.names=[rate_limit,counter_speech]", "comparison.pairs=true", "comparison.robustness_seeds=1"]


@cache
def small() -> DictConfig:
    config = composed("defences", *SMALL)
    OmegaConf.resolve(config)
    OmegaConf.set_struct(config, False)
    return config


def asked(*overrides: str) -> DictConfig:
    return OmegaConf.merge(small(), OmegaConf.from_dotlist(list(overrides)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out, config = tmp_path_factory.mktemp("defences") / "result", asked(*FEW)
    config.comparison.scenarios, config.comparison.robustness = (
        {"all_tactics": []},
        {"army_hides_some": ["evasion=moderate"]},
    )
    said = StringIO()
    with redirect_stdout(said), open_result_folder(str(out), OmegaConf.to_container(config)) as draft:
        conduct(defences.Defences, config, draft, Work())
    (out.parent / "said").write_text(said.getvalue(), encoding="utf-8")
    return out


def test_every_defence_is_played_in_every_seed_with_and_without_the_operation(folder: Path):
    worlds = pd.read_parquet(folder / "worlds.parquet")
    scenario = worlds[worlds["family"] == "scenario"]
    assert len(scenario) == 2 * 2 * 3
    assert set(worlds.loc[worlds["family"] == "pairs", "defence"]) == {
        "none", "rate_limit + counter_speech",
    }  # fmt: skip
    assert worlds.loc[worlds["family"] == "robustness", "seed"].nunique() == 1
    by_seed = scenario["seed"].to_numpy()
    assert (np.diff(by_seed) >= 0).all(), "arms of one seed are played one after the other"
    assert (worlds.groupby(["family", "variation", "seed"])["opportunities"].nunique() == 1).all()
    assert not (worlds["family"].eq("robustness") & worlds["defence"].ne("none") & worlds["arm"].eq("none")).any()
    effect = pd.read_parquet(folder / "effects.parquet")
    assert effect["quiet_effect"].isna().equals(effect["family"].eq("robustness")), (
        "peace is judged where it is reported"
    )
    assert effect["restored"].notna().all()
    held = worlds.groupby(["defence", "arm"])["rejected_organised"].sum()
    assert held["rate_limit", "all"] > held["none", "all"] == 0
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 3
    assert "Not modelled" in page


def test_tables_fit_a_terminal(folder: Path):
    said = (folder.parent / "said").read_text(encoding="utf-8")
    assert rows_of_tables(said, "To dissent, and to the innocent: all tactics") == 1 + 2
    assert rows_of_tables(said, "Where an effect is found") >= 1 + 2


def test_arms_that_are_the_same_world_say_so(folder: Path):
    worlds = pd.read_parquet(folder / "worlds.parquet").set_index(["family", "seed", "defence", "arm"])
    for arm in ("none", "all"):
        one, other = (worlds.loc[(family, 1, "none", arm), list(COUNTS)] for family in ("scenario", "pairs"))
        assert one.equals(other)


def test_a_scenario_brings_its_hours_and_its_cast_along():
    found = {
        job.variation: job for job in list_jobs(defences.Defences, asked("seeds=1", "comparison.robustness_seeds=0"))
    }
    assert found["all_tactics"].ticks == 36
    fallujah = found["fallujah_2016"]
    assert fallujah.ticks == 288
    assert {force.name for force in fallujah.setting.forces} == {"rivals", "morale"}


def test_candidates_are_the_defences_of_conf():
    found = dict(defences.build_candidates(asked(), []))
    assert len(found) == 10
    for name, (rule,) in found.items():
        assert isinstance(rule, Defence | CounterSpeech), name
        assert 0.0 < rule.strength <= 1.0


def test_a_defence_of_one_s_own_is_judged_beside_the_others():
    mine = asked("candidates.mine._target_=sim.mechanisms.defences.publishing.RateLimit", "candidates.mine.max_posts=7")
    job = list_jobs(defences.Defences, mine)[0]
    assert len(job.defences) == 11
    assert dict(job.defences)["mine"][0].max_posts == 7


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "comparison.names=[rate_limits]",
            "comparison.names has rate_limits, which is unknown: did you mean rate_limit or reply_limit?",
        ),
        (
            "comparison.scenarios=null",
            "comparison.scenarios=null must be one or more names, each with a list, each item KEY=VALUE or "
            "GROUP=CHOICE, as in '{all_tactics: []}'",
        ),
        ("comparison.robustness_seeds=-1", "comparison.robustness_seeds=-1 must be a whole number from 0 to 10000"),
        ("comparison.pairs=7", "comparison.pairs=7 must be true or false"),
        (
            "comparison.names=suspension",
            "comparison.names=suspension must be a list, each item a word, as in [NAME]",
        ),
        (
            "comparison.robustness.one=x",
            "comparison.robustness.one=x must be a list, each item KEY=VALUE or GROUP=CHOICE, as in '[\"KEY=VALUE\"]'",
        ),
        (
            "comparison.robustness.one=['army.sise=0']",
            "comparison.robustness.one has army.sise=0, which names no key: did you mean army.size or army.shift or "
            "army.jitter?",
        ),
        ("ticks=35", "ticks=35 is too short for all_tactics: say ticks=36 or more"),
        ("army.size=0", "all_tactics has no operation to defend against: give it campaign.tactics and army.size"),
    ],
)
def test_mistakes_are_one_line(override: str, said: str):
    with pytest.raises(InputError) as error:
        list_jobs(defences.Defences, asked(override))
    assert str(error.value) == said


# ---- analysis


def test_the_front_is_what_nothing_beats():
    points = np.array([[3.0, -1.0], [2.0, -2.0], [3.0, -2.0], [1.0, 0.0], [3.0, -1.0]])
    assert find_pareto_front(points).tolist() == [True, False, False, True, True]


def invented(restored: float, limited: float, noise: float = 0.5) -> pd.DataFrame:
    """Return worlds in which a good defence restores so many posts, at so many limited ones, and a bad one none."""
    draws, rows = np.random.default_rng(1), []
    for seed in range(8):
        for name, gain, harm in (("none", 0.0, 0.0), ("good", restored, limited), ("bad", 0.0, 5.0 + limited)):
            for arm, lost in (("none", 0.0), ("all", 40.0 - gain)):
                row = dict.fromkeys(COUNTS, 0.0) | {"opportunities": 500.0, "dissent_impressions_nondissenters": 900.0}
                row["dissent_posts"] = 100.0 - lost + draws.normal(0, noise)
                row["rejected_loyalist"] = harm + draws.normal(0, 0.1)
                rows.append({"family": "scenario", "variation": "one", "seed": seed, "defence": name, "arm": arm} | row)
    return pd.DataFrame(rows)


def test_effects_are_paired_and_summed_up():
    table = summarise_effects(compute_effects(invented(20.0, 3.0)))
    found = table.set_index(["defence", "outcome"])["value"]
    assert found["good", "restored"] == pytest.approx(20.0, abs=1.0)
    assert found["good", "restored_percent"] == pytest.approx(50.0, abs=3.0)
    assert found["good", "limited_posts"] == pytest.approx(3.0, abs=0.3)
    assert found["good", "limited_posts"] == sum(found["good", f"limited_posts_{whom}"] for whom in INNOCENT)
    assert abs(found["good", "quiet_effect"]) < 1.0
    assert found["good", "front"] == 1.0
    assert found["bad", "front"] < 0.6
    assert classify_variations(table, "good", ["one", "elsewhere"]) == {"one": "more"}


def test_pairs_are_held_against_the_better_of_the_two():
    alone = compute_effects(invented(20.0, 3.0))
    pair = alone[alone["defence"] == "good"].assign(family="pairs", defence="bad + good")
    (row,) = compute_pair_gains(pd.concat([alone, pair.assign(restored=pair["restored"] + 7.0)])).to_dict("records")
    assert row["better"] == "good"
    assert row["gain"] == pytest.approx(7.0)
    assert format_pair_gains(pd.DataFrame([row]))[0].startswith(
        "Of 1 pairs 1 restore more than the better of the two alone"
    )
    same = compute_pair_gains(pd.concat([alone, pair]))
    assert format_pair_gains(same) == ["Of 1 pairs none was found to restore more than the better of the two alone."]
    assert compute_pair_gains(alone).empty


def test_precision_is_the_share_of_the_organised_among_who_is_shut_out():
    worlds = invented(20.0, 3.0)
    hit = (worlds["defence"] == "good") & (worlds["arm"] == "all")
    worlds.loc[hit, "suspensions_organised"], worlds.loc[hit, "suspensions_dissenter"] = 6.0, 2.0
    found = summarise_effects(compute_effects(worlds)).set_index(["defence", "outcome"])
    assert found.loc[("good", "precision"), ["value", "lo", "hi"]].tolist() == pytest.approx([75.0, 75.0, 75.0])
    assert np.isnan(found.loc[("bad", "precision"), "value"])


def test_what_is_no_pair_is_refused():
    worlds = invented(20.0, 3.0)
    worlds["opportunities"] += worlds.index == 0
    with pytest.raises(ValueError, match="opportunities differ"):
        compute_effects(worlds)


def test_precision_is_not_told_of_a_defence_that_shuts_nobody_out():
    """Moderation alone suspends fewer under it: that says nothing of whom it hits."""
    worlds = invented(20.0, 3.0)
    worlds.loc[worlds["defence"] != "good", "suspensions_organised"] = 6.0
    found = summarise_effects(compute_effects(worlds)).set_index(["defence", "outcome"])
    assert found.loc[("good", "shut_out_organised"), "value"] == -6.0
    assert found.loc[[("good", "precision"), ("bad", "precision")], ["value", "lo", "hi"]].isna().all(axis=None)


def test_what_is_seen_is_told_apart_from_what_is_said():
    worlds = invented(20.0, 3.0)
    assert format_visibility(select_first_scenario(summarise_effects(compute_effects(worlds))), ["good", "bad"]) == []
    under = worlds["arm"] == "all"
    gain = worlds["defence"].map({"none": 0.0, "good": -30.0, "bad": 60.0})
    worlds["dissent_impressions_nondissenters"] -= under * (120.0 - gain + worlds["seed"] % 2)
    (said,) = format_visibility(select_first_scenario(summarise_effects(compute_effects(worlds))), ["good", "bad"])
    assert said.startswith("Of the dissent that non-dissenters no longer see, bad restores 50% [")
    assert said.endswith("; still less is seen under good.")


def test_the_report_says_no_effect_where_none_was_found():
    found = select_first_scenario(summarise_effects(compute_effects(invented(20.0, 3.0))))
    assert format_headline(found, ["good", "bad"]).startswith("Good restores 5")
    assert format_headline(found, ["good", "bad"]).endswith("for 1 of 2 no effect was found.")
    nothing = summarise_effects(compute_effects(invented(0.0, 3.0)))
    said = format_headline(select_first_scenario(nothing), ["good", "bad"])
    assert said.startswith("No effect of any of 2 defences on dissent was found over 8 seeds: most stands under ")
    assert said.endswith(" posts a world more.")
    assert "no defence was found to silence dissent by itself" in format_summary(nothing, ["good", "bad"])[1]
    assert classify_effect(float("nan"), float("nan")) == "none found"


def test_the_front_says_of_whom_no_effect_was_found_and_luck_is_counted():
    table = summarise_effects(compute_effects(invented(20.0, 3.0)))
    assert "good. Doing nothing takes part." in " ".join(format_summary(table, ["good", "bad"]))
    (said,) = format_significance(table, ["good", "bad"])
    assert said == (
        "Of 2 effects on dissent (a defence in a setting), 1 have an interval that excludes 0; if no defence had any "
        "effect, about 0 would by luck. After Holm's correction for their number these remain: good (one)."
    )
    nothing = table.assign(lo=np.where(table["outcome"] == "restored", -1.0, table["lo"]))
    assert "Doing nothing takes part; no effect on dissent was found under good." in " ".join(
        format_summary(nothing, ["good"])
    )


def test_among_many_defences_a_small_effect_is_luck_and_a_large_one_is_not():
    few = {"family": "scenario", "variation": "one", "outcome": "restored", "seeds": 8}
    others = [few | {"defence": f"no {n}", "value": 0.1, "lo": -1.0, "hi": 1.2} for n in range(8)]
    weak, strong = (
        few | {"defence": name, "value": 2.0, "lo": lo, "hi": 4.0 - lo} for name, lo in (("weak", 0.1), ("strong", 1.5))
    )
    assert select_significant(pd.DataFrame([weak, strong])) == [("one", "strong"), ("one", "weak")], (
        "p = 0.04 of two, in order"
    )
    assert select_significant(pd.DataFrame([weak, strong, *others])) == [("one", "strong")]
    rest = [
        few | {"defence": name, "outcome": "deficit", "value": 9.0, "lo": 8.0, "hi": 10.0} for name in ("weak", "no 1")
    ]
    said = format_headline(pd.DataFrame([weak, *others, *rest]), ["weak", *(f"no {n}" for n in range(8))])
    assert said.startswith("No effect of any of 9 defences on dissent was found over 8 seeds")
    assert said.endswith("(under weak by its own interval, as luck may among 9).")


def test_a_share_is_told_within_its_bounds():
    worlds = invented(20.0, 3.0)
    hit = (worlds["defence"] == "good") & (worlds["arm"] == "all")
    worlds.loc[hit, "suspensions_organised"] = 6.0 + worlds.loc[hit, "seed"] % 3
    worlds.loc[hit, "suspensions_dissenter"] = (worlds.loc[hit, "seed"] == 0) * 1.0
    table = select_first_scenario(summarise_effects(compute_effects(worlds)))
    assert table.set_index(["defence", "outcome"]).loc[("good", "precision"), "hi"] > 100.0
    row = next(row for row in tables.make_effects_table(table).rows if row[0] == "good")
    assert row[7].endswith("to 100]")
