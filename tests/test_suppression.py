"""The main job at a small size: what it writes, that it adds up, and that shared worlds are really the same."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from experiments import suppression
from experiments.app import compose_config
from experiments.experiment import start
from experiments.runs import Run, simulate_all, simulate_run
from experiments.settings import build_setting, describe_run
from scripts.conf import CONF
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from sim.setting import Setting
from sim.state.records import OUTCOMES
from tests.looks import common_look, manual_has_files
from tests.playing import list_jobs, make_player, play

SMALL = [
    "population.size=150", "army.size=12", "extremists.size=3", "ticks=60", "campaign.start=24", "campaign.hours=24",
    "seeds=3", "workers=1", "robustness.seeds=2", "robustness.fight_back=[0.0,0.5]", "dose.seeds=2",
    "dose.intensities=[0.1,0.5]", "campaign.dose=saturation", "precision.max_seeds=0", "campaign.targets=40",
    "knockouts.seeds=3",
    "priors.draws=2", "population.interest=0.6",
]  # fmt: skip
NO_PARTS = ("knockouts.seeds=0", "dose.seeds=0", "robustness.seeds=0", "priors.draws=0")
FIXED = [
    "arm", "effort", "seed", "dissent_wanted", "dissent_posts", "dissent_withheld", "withheld_fear",
    "withheld_climate", "withheld_joint", "withheld_redundant", "dissent_removed", "dissent_impressions",
    "dissent_impressions_nondissenters", "dissent_visibility", "perceived_support", "true_support",
    "perceived_supporters", "true_supporters", "wall_time",
]  # fmt: skip


def config_of(*overrides: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("suppression", [*SMALL, *overrides])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("suppression") / "result"
    argv, sys.argv = sys.argv, ["suppression", *SMALL, f"out={out}"]
    try:
        start(suppression.Suppression)
    finally:
        sys.argv = argv
    return out


def test_the_folder_holds_what_the_readme_names(folder: Path):
    tables = {"ticks", "summary", "decomposition", "robustness", "interactions", "knockouts", "recovery"}
    assert {f"{name}.parquet" for name in tables} <= {path.name for path in folder.iterdir()}
    common_look(folder / "report.html")
    assert (folder / "report.html").stat().st_size > 10_000
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".svg"}
    manual_has_files("suppression", folder)


def test_summary_has_the_fixed_columns_first_and_a_row_an_arm_effort_and_seed(folder: Path):
    summary = pd.read_parquet(folder / "summary.parquet")
    assert list(summary.columns[: len(FIXED)]) == FIXED
    assert not summary.duplicated(["arm", "effort", "seed"]).any()
    assert summary.groupby("effort")["arm"].nunique().to_dict() == {"additive": 8, "equal": 8}
    assert summary["seed"].nunique() == 3
    cells = ["withheld_fear", "withheld_climate", "withheld_joint", "withheld_redundant"]
    assert (summary[cells].sum(axis=1) == summary["dissent_withheld"]).all()
    assert (summary["dissent_wanted"] == summary["dissent_posts"] + summary["dissent_withheld"]).all()


def test_summary_is_the_total_of_the_ticks_from_the_campaign_on(folder: Path):
    summary = pd.read_parquet(folder / "summary.parquet").set_index(["arm", "effort", "seed"])
    ticks = pd.read_parquet(folder / "ticks.parquet")
    totals = ticks[ticks["tick"] >= 24].groupby(["arm", "effort", "seed"])[["dissent_posts", "dissent_wanted"]].sum()
    pd.testing.assert_frame_equal(totals.sort_index(), summary[totals.columns].sort_index(), check_dtype=False)


def test_shapley_values_sum_to_the_effect_of_the_whole(folder: Path):
    values = pd.read_parquet(folder / "decomposition.parquet")
    assert list(values.columns[:5]) == ["outcome", "tactic", "value", "lo", "hi"]
    summary = pd.read_parquet(folder / "summary.parquet")
    standing = summary.assign(standing=summary["dissent_posts"] - summary["dissent_removed"])
    mean = standing.groupby(["effort", "arm"])["standing"].mean()
    lost = values[values["outcome"] == "lost_dissent"].groupby("effort")["value"].sum()
    for effort in ("additive", "equal"):
        assert lost[effort] == pytest.approx(mean[effort, "none"] - mean[effort, "all"])


def test_endings_by_intention_have_the_margins_of_the_hourly_counts(folder: Path):
    transitions = pd.read_parquet(folder / "transitions.parquet")
    hours = pd.read_parquet(folder / "ticks.parquet").set_index(["effort", "seed", "tick"])
    for (arm, effort), rows in transitions.groupby(["arm", "effort"]):
        for side, name in (("without", "none"), ("with", arm)):
            counts = rows.groupby(["seed", "tick", side], observed=False)["intentions"].sum().unstack(side)
            there = hours[hours["arm"] == name].loc[effort].reindex(counts.index)
            for ending in OUTCOMES[:-1]:
                assert (counts[ending] == there[ending]).all()
            standing, removed = counts["dissent_posts"], counts["dissent_removed"]
            assert (standing + removed == there["dissent_posts"]).all()
            assert removed.sum() == hours[hours["arm"] == name].loc[effort]["dissent_removed"].sum()


def test_lost_and_gained_posts_are_the_change_of_standing_dissent(folder: Path):
    causes = pd.read_parquet(folder / "causes.parquet").set_index(["arm", "effort", "change", "cause"])["value"]
    summary = pd.read_parquet(folder / "summary.parquet")
    mean = (summary["dissent_posts"] - summary["dissent_removed"]).groupby([summary["effort"], summary["arm"]]).mean()
    assert (causes.drop("net", level="change") >= 0).all()
    for (arm, effort), rows in causes.groupby(level=["arm", "effort"]):
        parts = rows.drop("total", level="cause").groupby("change").sum()
        assert parts["gained"] - parts["lost"] == pytest.approx(mean[effort, arm] - mean[effort, "none"])
        assert rows.xs("net", level="change").item() == pytest.approx(parts["gained"] - parts["lost"])


def test_groups_of_dissenters_share_out_what_is_lost_and_gained(folder: Path):
    groups = pd.read_parquet(folder / "groups.parquet").set_index(["kind", "group", "measure"])["value"]
    causes = pd.read_parquet(folder / "causes.parquet").query("arm == 'all' and effort == 'additive'")
    total = causes[causes["cause"] == "total"].set_index("change")["value"]
    for kind in ("everybody", "reaction", "abuse", "activity", "followers"):
        for change in ("lost", "gained"):
            assert groups[kind].xs(change, level="measure").sum() == pytest.approx(total[change])


def test_arms_are_the_same_before_the_campaign_and_share_their_opportunities(folder: Path):
    ticks = pd.read_parquet(folder / "ticks.parquet").set_index(["seed", "tick", "effort", "arm"])
    early = ticks[ticks.index.get_level_values("tick") < 24]
    for _, rows in early.groupby(["seed", "tick"]):
        assert (rows.nunique(dropna=False) == 1).all()
    assert (ticks.groupby(["seed", "tick"])["opportunities"].nunique() == 1).all()


def test_runs_that_share_a_world_would_have_been_the_same():
    runs = list_jobs(suppression.Suppression, config_of())
    by_world: dict[object, list[Run]] = {}
    for run in runs:
        by_world.setdefault(suppression.get_world_key(run), []).append(run)
    shared = [same for same in by_world.values() if len({run.setting for run in same}) > 1]
    assert shared, "nothing is shared: the saving is gone"
    measures = None
    for run in {run.setting: run for run in shared[0]}.values():
        row = {k: v for k, v in simulate_run(run).row.items() if k not in {*run.labels, "wall_time"}}
        assert measures is None or row == measures or pd.Series(row).equals(pd.Series(measures))
        measures = row


def test_the_plan_covers_every_family():
    config = config_of()
    runs = list_jobs(suppression.Suppression, config)
    assert {run.family for run in runs} == {"main", "knockout", "robustness", "fight_back", "dose", "prior"}
    assert len({(r.family, r.variant, r.arm, r.effort, r.seed) for r in runs}) == len(runs)
    main = [run for run in runs if run.family == "main"]
    assert len(main) == 3 * 14


def test_pairs_are_added_until_the_interval_is_narrow_enough(tmp_path: Path):
    """Only the whole operation and its control; never more seeds than allowed, none where it is narrow already."""
    few = ("precision.max_seeds=5", *NO_PARTS)
    play(suppression.Suppression, config_of("precision.half_width=0.01", *few), tmp_path / "more")
    seeds = pd.read_parquet(tmp_path / "more" / "summary.parquet").groupby("arm")["seed"].nunique()
    assert seeds[["none", "all"]].eq(5).all()
    assert seeds.drop(["none", "all"]).eq(3).all()
    play(
        suppression.Suppression,
        config_of("precision.half_width=100", "population.size=500", "army.size=24", *few),
        tmp_path / "enough",
    )
    assert pd.read_parquet(tmp_path / "enough" / "summary.parquet")["seed"].nunique() == 3


def test_reactions_are_mixed_where_shares_allow_it():
    config = config_of("reactions.seeds=1", "reactions.withdraw=[0.0,0.8]", "reactions.fight=[0.1,0.3]")
    runs = [run for run in list_jobs(suppression.Suppression, config) if run.family == "mix" and run.arm == "all"]
    people = {run.variant: run.setting.population for run in runs}
    assert {name: (p.withdraw_share, p.fight_share) for name, p in people.items()} == {
        "0.0/0.1": (0.0, 0.1), "0.0/0.3": (0.0, 0.3), "0.8/0.1": (0.8, 0.1),
    }  # fmt: skip


def test_a_part_with_more_seeds_than_the_arms_has_its_pairs_to_compare_with():
    runs = list_jobs(suppression.Suppression, config_of("robustness.seeds=5"))
    seeds = {family: {run.seed for run in runs if run.family == family} for family in ("main", "robustness")}
    assert seeds["main"] == seeds["robustness"] == {1, 2, 3, 4, 5}
    assert {run.arm for run in runs if run.family == "main" and run.seed > 3} == {"none", "all"}


def test_every_draw_has_the_main_world_of_its_seed_beside_it():
    config = config_of("priors.draws=5")
    runs = list_jobs(suppression.Suppression, config)
    main = {run.seed for run in runs if run.family == "main"}
    drawn = [run.seed for run in runs if run.family == "prior" and run.arm == "all"]
    assert len(drawn) == 5
    assert set(drawn) == main


def test_parts_set_to_0_are_left_out():
    config = config_of(*NO_PARTS)
    assert {run.family for run in list_jobs(suppression.Suppression, config)} == {"main"}


@pytest.mark.parametrize("name", ["dose.seeds", "knockouts.seeds", "robustness.seeds", "priors.draws"])
def test_a_part_of_less_than_nothing_is_refused(name: str):
    config = config_of(f"{name}=-1")
    with pytest.raises(InputError, match=f"{name}=-1 must be a whole number from 0"):
        list_jobs(suppression.Suppression, config)


def test_leaving_is_varied_in_rows_and_in_priors():
    rows = suppression.make_robustness_changes(Setting())
    assert rows["nobody leaves because of abuse"] == {"reaction.leave_abuse": 0.0}
    assert rows["leaving does not fall with posts"] == {"reaction.leave_decline": 0.0}
    ranges = config_of().priors.ranges
    for name in ("leave_abuse", "leave_decline"):
        low, high = ranges[f"reaction.{name}"]
        assert low < getattr(Setting().reaction, name) < high


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_fight_back_keeps_the_mix_of_the_others(share: float):
    setting = Setting()
    people = setting.replace(suppression.set_fight_back(setting, share)).population
    others = 1.0 - setting.population.fight_share
    assert people.fight_share == share
    assert people.withdraw_share == pytest.approx(setting.population.withdraw_share / others * (1.0 - share))


def test_prior_draws_cover_each_range_once_a_stratum():
    draws = suppression.sample_priors({"a.b": [0.0, 1.0], "c.d": [10.0, 20.0]}, 10, seed=3)
    for name, low, step in (("a.b", 0.0, 0.1), ("c.d", 10.0, 1.0)):
        assert sorted(int((draw[name] - low) / step) for draw in draws) == list(range(10))
    assert draws == suppression.sample_priors({"a.b": [0.0, 1.0], "c.d": [10.0, 20.0]}, 10, seed=3)
    assert suppression.sample_priors({}, 10, seed=3) == []


@pytest.mark.parametrize(
    ("word", "cure", "key"),
    [
        ("priors.ranges.expression.fear_weight=[2,3]", "priors.ranges={expression.fear_weight: [2,3]}", "fear_weight"),
        ("priors.ranges.army.size=[2,3]", "+priors.ranges={army.size: [2,3]}", "army.size"),
        ("priors.ranges={army.size: [2,3]}", "+priors.ranges={army.size: [2,3]}", "army.size"),
    ],
)
def test_a_prior_is_set_as_the_error_says(word: str, cure: str, key: str):
    with pytest.raises(InputError) as told:
        compose_config("suppression", [word])
    assert f"say '{cure}'" in str(told.value)
    ranges = compose_config("suppression", [cure]).priors.ranges
    assert next(ends for name, ends in ranges.items() if name.endswith(key)) == [2, 3]
    assert len(ranges) == len(compose_config("suppression", []).priors.ranges) + cure.startswith("+")


@pytest.mark.parametrize("ends", [[1.0, 1.0], [0.0, 0.5, 1.0]])
def test_priors_that_are_no_range_are_refused(ends: list[float]):
    with pytest.raises(InputError) as told:
        suppression.sample_priors({"a.b": ends}, 2, seed=1)
    assert str(told.value) == f"priors.ranges: a.b={ends} must be [LOW,HIGH] with LOW < HIGH, as in [0.1,0.9]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"armee.size": 1}, "armee.size names no group: did you mean army?"),
        ({"army.sise": 1}, "army.sise names no field of army: did you mean size?"),
        ({"army.size": -1}, "Army.size=-1 must lie in"),
    ],
)
def test_changes_that_fit_nothing_are_refused(change: dict[str, int], message: str):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        Setting().replace(change)


def test_a_campaign_longer_than_the_run_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="ends before the campaign does"):
        play(suppression.Suppression, config_of("ticks=40"), tmp_path / "out")


def test_two_workers_give_the_numbers_of_one():
    setting = build_setting(config_of())
    runs = list(suppression.make_main_arms(setting, 1, 30))[:3]
    alone, together = (simulate_all(runs, make_player(workers), "") for workers in (1, 2))
    for one, other in zip(alone, together, strict=True):
        for name in set(one.row) - {"wall_time"}:
            assert one.row[name] == other.row[name] or one.row[name] != one.row[name]


def test_facts_name_the_army_and_the_seeds():
    config = config_of()
    told = describe_run(build_setting(config), config, ("weights are ignored", "60 nodes"))
    assert told["notes"] == ["weights are ignored"]
    assert told["facts"]["Seeds"] == "3 (1 to 3); people, graph and chance redrawn for each"
    given = describe_run(replace(build_setting(config), graph=GraphFile(path="x")), config, ("60 nodes",))
    assert given["facts"]["Seeds"] == "3 (1 to 3); people and chance redrawn for each"
    assert told["campaign"] == {"start": 24, "stop": 48}
    assert not {"Further forces", "Mechanisms"} & set(told["facts"])
