"""A user's own files and folders: choices from anywhere, paths that are expanded, and mistakes in one line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from experiments import run
from experiments.app import app, compose_config, get_scenario, play_app, resumable_app
from experiments.composing import compose
from experiments.configuration import CONF, OWN, list_choices, search_also
from experiments.experiment import conduct
from experiments.help_pages import format_help
from experiments.ownership import Maker
from experiments.settings import apply_overrides, build_setting
from experiments.story import Story
from experiments.story import read_story as story_checked
from experiments.sweep import main as sweep
from experiments.sweeps import design, plan
from experiments.teaching import comparison
from experiments.teaching.live import choice as live
from sim.errors import InputError

SCENARIO = """# @package _global_
# A smear of my own.
defaults:
  - override /credibility: default
army: {size: 0}
forces:
  mine:
    _target_: sim.actors.committee.Committee
    size: 7
story:
  title: Mine
  without: [forces.mine.size=0]
  outcomes: [{measure: dissent_posts, label: Dissent, from: 0, to: 24}]
  pictures: [{title: Days, lines: {dissent_posts: dissent}, look: Look.}]
"""
DEFENCE = "_target_: sim.mechanisms.defences.publishing.RateLimit\nmax_posts: 3\n"
GRAPH = "_target_: sim.people.networks.CommunityGraph\nmixing: 0.5\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, which is the user's home too, with files of the user's own in `my files`."""
    folder = tmp_path / "my files"
    folder.mkdir()
    for name, text in {"mine": SCENARIO, "limit": DEFENCE, "mixed": GRAPH, "quiet": SCENARIO}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv(OWN, raising=False)
    return tmp_path


@pytest.fixture
def folder_of_mine(here: Path) -> Path:
    """Return a folder with the layout of conf/."""
    own = here / "conf of mine"
    for name, text in {"scenario/smear": SCENARIO, "defence/limit": DEFENCE, "graph/community": GRAPH}.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / f"{name}.yaml").write_text(text, encoding="utf-8")
    return own


@pytest.mark.parametrize(
    "path", ["my files/mine.yaml", "./my files/mine.yaml", "~/my files/mine.yaml", "HERE/mine.yaml"]
)
def test_a_scenario_from_anywhere_is_as_one_of_conf(here: Path, path: str) -> None:
    setting = build_setting(compose_config("run", [f"scenario={path.replace('HERE', str(here / 'my files'))}"]))
    assert [force.size for force in setting.forces] == [7]
    assert (setting.army.size, setting.credibility is None) == (0, False)


def test_any_group_takes_a_file_and_a_list_of_them(here: Path) -> None:
    words = ["graph=my files/mixed.yaml", "defence=[prompt,my files/limit.yaml]"]
    setting = build_setting(compose_config("run", words))
    assert setting.graph.mixing == 0.5
    assert [type(rule).__name__ for rule in setting.defences] == ["Prompt", "RateLimit"]
    assert setting.defences[1].max_posts == 3


def test_a_file_may_have_the_name_of_a_choice_and_is_read_anew(here: Path) -> None:
    assert len(build_setting(compose_config("run", ["scenario=my files/quiet.yaml"])).forces) == 1
    assert build_setting(compose_config("run", ["scenario=quiet"])).forces == ()
    (here / "my files" / "quiet.yaml").write_text(SCENARIO.replace("size: 7", "size: 9"), encoding="utf-8")
    assert build_setting(compose_config("run", ["scenario=my files/quiet.yaml"])).forces[0].size == 9


def test_what_a_file_said_is_kept_with_the_command_that_named_it(here: Path, command_line: Callable[..., None]) -> None:
    command_line("scenario=my files/mine.yaml", "out=~/r", "population.size=60", "ticks=2")
    app("run", run.main)
    kept = yaml.safe_load((here / "r" / "config.yaml").read_text(encoding="utf-8"))
    assert kept["forces"]["mine"]["size"] == 7
    assert kept["out"] == str(here / "r")
    assert "command" in yaml.safe_load((here / "r" / "run.yaml").read_text(encoding="utf-8"))


def test_a_story_is_told_of_a_file(here: Path, command_line: Callable[..., None]) -> None:
    command_line("scenario=my files/mine.yaml", "out=r", "population.size=60", "ticks=24", "seeds=2", "workers=1")
    play_app("story", lambda *place: conduct(Story, *place))
    assert (here / "r" / "report.html").is_file()


def test_a_page_calls_a_scenario_without_an_arabic_title_by_the_title_it_has(here: Path) -> None:
    config = compose_config("replay", ["scenario=my files/mine.yaml"])
    assert story_checked(config)["title"] == "Mine"
    assert comparison.name_page(config, {})["ar"]["title"] == "Mine"


def test_a_sweep_varies_files_by_the_paths_that_were_written(here: Path) -> None:
    points = design.make_points(
        {"grid": ["scenario=quiet,~/my files/mine.yaml"], "list": [], "csv": None, "draws": 1, "design_seed": 1}
        | {"random": [], "lhs": [], "sobol": []}
    )
    composer = plan.Composer("sweep", ["graph=my files/mixed.yaml", "population.size=60"], CONF)
    one, other = plan.compose_rows(composer, points, {})
    assert [len(row.cell.setting.forces) for row in (one, other)] == [0, 1]
    assert other.values == {"scenario": f"{here}/my files/mine.yaml"}
    assert composer.get_value({}, "graph", composer.compose({})) == str(here / "my files" / "mixed.yaml")
    assert one.cell.setting.graph.mixing == 0.5


def test_a_sweep_of_a_file_runs(here: Path, command_line: Callable[..., None]) -> None:
    few = ["population.size=60", "ticks=3", "seeds=1", "workers=1", "sweep.report=false", "campaign.start=1"]
    command_line("scenario=my files/mine.yaml", "out=~/s", *few)
    resumable_app("sweep", sweep)
    assert (here / "s" / "design.parquet").is_file()


def test_what_differs_in_an_experiment_may_be_a_file_or_a_scenario_that_changes_groups(here: Path) -> None:
    config = compose_config("run", [])
    assert build_setting(config).credibility is None
    for word in ("scenario=my files/mine.yaml", "scenario=committee_smear"):
        assert build_setting(apply_overrides(config, [word])).credibility is not None
    assert build_setting(apply_overrides(config, ["defence=my files/limit.yaml"])).defences[0].max_posts == 3


@pytest.mark.parametrize("by", ["variable", "option"])
def test_choices_of_an_own_folder_come_before_those_of_conf(
    folder_of_mine: Path, command_line: Callable[..., None], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    found = []
    option = ["--config-dir", str(folder_of_mine)] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv(OWN, "~/conf of mine")
    command_line(*option, "scenario=smear", "defence=limit", "out=r")
    app("run", lambda config, folder: found.append((build_setting(config), list_choices("scenario"))))
    setting, names = found[0]
    assert (setting.forces[0].size, setting.defences[0].max_posts, setting.graph.mixing) == (7, 3, 0.5)
    assert {"smear", "quiet"} <= set(names)
    assert (OWN in os.environ) == (by == "variable")


def test_the_page_and_a_design_know_an_own_folder(folder_of_mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN, str(folder_of_mine))
    assert "smear" in live.list_choices("scenario")
    assert live.get_setting(live.Choice(scenario="smear", army=0, people=60)).forces[0].size == 7
    assert plan.Composer("sweep", [], CONF).compose({"scenario": "smear"}).setting.forces[0].size == 7


def test_paths_are_expanded_wherever_they_stand(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", f"{here}/a b")
    (here / "my files" / "g.yaml").write_text(
        "_target_: sim.people.given_graphs.GraphFile\npath: ${PLACE}/e.txt\nstance_path: ~/s.txt\n", encoding="utf-8"
    )
    graph = compose_config("run", ["graph=my files/g.yaml", "out=$PLACE/r"])
    assert (graph.graph.path, graph.graph.stance_path, graph.out) == (
        f"{here}/a b/e.txt",
        f"{here}/s.txt",
        f"{here}/a b/r",
    )
    found = compose_config("sweep", ["sweep.csv=${PLACE}/p.csv", "sweep.merge=[~/x,$PLACE/y]", "out=out/${seed}"])
    assert (found.sweep.csv, list(found.sweep.merge)) == (f"{here}/a b/p.csv", [f"{here}/x", f"{here}/a b/y"])
    assert found.out == "out/1"
    assert compose_config("export", ["world=~/w"]).world == f"{here}/w"
    assert compose_config("calibrate", ["calibrate.moments=~/m.csv"]).calibrate.moments == f"{here}/m.csv"
    assert compose_config("run", ["out=a=b (c)"]).out == "a=b (c)"


def texts(folder: Path) -> dict[str, str]:
    """Write files that cannot be used; return a word that names each, and what is said of it."""
    files = {
        "broken.yaml": "army: {size: 3",
        "list.yaml": "- army\n",
        "word.yaml": "army\n",
        "bare.yaml": "max_posts: 3\n",
        "sise.yaml": "# @package _global_\narmy: {sise: 3}\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "latin.yaml").write_bytes(b"army: \xe9\n")
    rule = "add a line that names its rule, as _target_: sim"
    return {
        "scenario=none.yaml": "scenario=none.yaml names no file: give the path of one, or a choice, see --help",
        "graph=no/where": "graph=no/where names no file: give the path of one, or a choice, see --help",
        "scenario=broken.yaml": "scenario=broken.yaml cannot be read as YAML (",
        "scenario=latin.yaml": "scenario=latin.yaml cannot be read as YAML (",
        "scenario=list.yaml": "scenario=list.yaml holds a list: give KEY: VALUE, a line each",
        "scenario=word.yaml": "army is empty: say army=NAME, see --help",
        "defence=bare.yaml": f"defence=bare.yaml has no _target_: {rule}.mechanisms.defences.publishing.AccountAge",
        "graph=bare.yaml": f"graph=bare.yaml has no _target_: {rule}.people.networks.CommunityGraph",
        "out=$NO_SUCH/r": "out=$NO_SUCH/r names $NO_SUCH, which is not set: set it, or write the path out",
        "out=~nobody_of_that_name/r": "out=~nobody_of_that_name/r begins with ~ of somebody who has no home here: ",
        "scenarioo=none.yaml": "scenarioo is not a known key: did you mean scenario?",
        "lesson=flood": "lesson=flood is not for run, which has other groups: ",
        "scenario=smeer": "scenario=smeer is unknown: choose one of: committee_smear, ",
    }


def test_a_mistake_in_a_file_or_a_path_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "my files")
    for word, said in texts(here / "my files").items():
        with pytest.raises(InputError) as caught:
            build_setting(compose_config("run", [word]))
        assert str(caught.value).startswith(said), word
        assert "\n" not in str(caught.value)


def test_a_class_that_cannot_be_loaded_is_one_line_whatever_key_of_it_is_set(here: Path) -> None:
    (here / "absent.yaml").write_text("_target_: no_module.Mine\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^mechanisms\.absent\._target_=no_module\.Mine cannot be loaded \(Module"):
        compose_config("run", ["mechanism=absent.yaml", "mechanisms.absent.weight=3"])


def test_an_app_of_one_s_own_is_found_in_one_s_own_folder_and_has_help(here: Path) -> None:
    (here / "sizes.yaml").write_text("defaults: [model, _self_]\nsizes: {}\n", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"^sizes\.yaml is not in .*: name the folder that has it by --config-dir DIR$"
    ):
        compose_config("sizes", [])
    with search_also(str(here)):
        assert "population.size=2000" in format_help("sizes", compose("sizes", [], with_hydra=True))


@pytest.mark.parametrize("group", ["scenario", "defence", "graph", "mechanism", "army", "events"])
def test_an_empty_file_is_refused(here: Path, group: str) -> None:
    for text in ("", "# nothing yet\n", "---\n"):
        (here / "empty.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=rf"^{group}=empty\.yaml is empty: write KEY: VALUE, a line each$"):
            compose_config("run", [f"{group}=empty.yaml"])


def test_a_file_of_one_group_is_refused_by_every_other_with_the_group_to_say(here: Path) -> None:
    groups = ("scenario", "defence", "mechanism", "graph", "army", "morale")
    files = {"scenario": "quiet", "defence": "prompt", "graph": "lfr", "army": "default"}
    for own, name in files.items():
        text = (CONF / own / f"{name}.yaml").read_text(encoding="utf-8")
        (here / "copy.yaml").write_text(text, encoding="utf-8")
        compose_config("run", [f"{own}=copy.yaml"])
        for other in {*groups} - {own}:
            with pytest.raises(InputError, match=rf"^{other}=copy\.yaml .*: say {own}=copy\.yaml$") as caught:
                compose_config("run", [f"{other}=copy.yaml"])
            assert len(str(caught.value)) <= 300


def test_a_place_that_is_no_group_is_refused(here: Path) -> None:
    (here / "mine.yaml").write_text("# @package armee\nsize: 3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"its first line says @package armee: correct that line$"):
        compose_config("run", ["army=mine.yaml"])


@pytest.mark.parametrize("group", ["mechanism", "defence", "graph"])
def test_a_plus_before_a_choice_is_answered_with_what_to_say(here: Path, group: str) -> None:
    choice = "my files/mixed.yaml" if group == "graph" else "none"
    with pytest.raises(InputError, match=rf"^\+{group}=\S.* adds a choice where there is one: say {group}=\S"):
        compose_config("run", [f"+{group}={choice}"])


def test_an_app_without_groups_says_so() -> None:
    with pytest.raises(InputError, match=r"^graph=file is not for reproduce, which has no groups: see --help$"):
        compose_config("reproduce", ["graph=file"])


@pytest.mark.parametrize("by", ["variable", "option"])
def test_an_own_folder_that_is_not_there_is_said(
    here: Path,
    command_line: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    by: str,
) -> None:
    if by == "variable":
        monkeypatch.setenv(OWN, "nowhere")
    command_line(*(["--config-dir", "nowhere"] if by == "option" else []), "scenario=quiet")
    with pytest.raises(SystemExit) as ended:
        app("run", run.main)
    assert ended.value.code == 2
    said = f"{here / 'nowhere'} is not a folder: name yours by --config-dir DIR, or in the variable {OWN}\n"
    assert capfd.readouterr().err == said


def test_a_broken_choice_in_an_own_folder_is_one_line(folder_of_mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN, str(folder_of_mine))
    (folder_of_mine / "scenario" / "smear.yaml").write_text("army: {size: 3", encoding="utf-8")
    with pytest.raises(InputError, match=r"^scenario=smear cannot be read as YAML \(expected"):
        compose_config("run", ["scenario=smear"])
    (folder_of_mine / "graph" / "community.yaml").write_text("mixing: {", encoding="utf-8")
    with pytest.raises(InputError, match=r"community\.yaml.*: correct the file$") as caught:
        compose_config("run", [])
    assert "\n" not in str(caught.value)


def test_a_key_that_no_app_knows_is_refused_in_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("armee: {size: 5}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml has armee, which no app knows: did you mean army\?$"):
        compose_config("run", [f"scenario={tmp_path}/mine.yaml"])


def test_the_name_of_a_file_here_is_answered_with_what_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ties.txt").write_text("1 2\n", encoding="utf-8")
    (tmp_path / "lonely.yaml").write_text("ticks: 30\n", encoding="utf-8")
    for word, cure in (
        ("graph=ties.txt", "graph=ties.txt is unknown: say graph=file graph.path=ties.txt"),
        ("scenario=lonely", "scenario=lonely is unknown: say scenario=lonely.yaml"),
    ):
        with pytest.raises(InputError) as error:
            compose_config("run", [word])
        assert str(error.value) == cure


def test_a_scenario_of_a_folder_of_ones_own_is_known_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("quiet", "of_a_folder"):
        path = tmp_path / "scenario" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text("ticks: 30\n", encoding="utf-8")
        assert get_scenario({"scenario": name}) == name
        monkeypatch.setenv(OWN, str(tmp_path))
        assert get_scenario({"scenario": name}) == str(path)
        assert compose_config("run", [f"scenario={name}"]).out == f"out/run-{name}"
        monkeypatch.delenv(OWN)


def test_a_file_and_a_lesson_have_results_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text("ticks: 30\n", encoding="utf-8")
    mine = f"{tmp_path}/quiet.yaml"
    assert compose_config("run", [f"scenario={mine}"]).out == "out/run-quiet"
    assert get_scenario({"scenario": "quiet"}) == "quiet"
    assert compose_config("replay", ["lesson=witness"]).out == "out/replay-witness"
    assert (
        str(Maker("replay", get_scenario({"scenario": "flooded_hashtag", "lesson": "witness"})))
        == "replay lesson=witness"
    )


def test_a_file_of_a_built_in_name_does_not_replace_its_result(
    tmp_path: Path, command_line: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "quiet.yaml").write_text("ticks: 30\n", encoding="utf-8")
    command_line("scenario=quiet", f"out={tmp_path}/r")
    app("run", lambda config, folder: None)
    command_line(f"scenario={tmp_path}/quiet.yaml", f"out={tmp_path}/r")
    with pytest.raises(SystemExit) as ended:
        app("run", lambda config, folder: None)
    assert ended.value.code == 2
    assert "holds a result of run scenario=quiet: name another folder" in capsys.readouterr().err
