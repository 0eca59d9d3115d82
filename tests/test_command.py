"""One command for all apps, what it lists, and what each app says of its keys and choices when it is asked for help."""

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from experiments import help_pages
from experiments.__main__ import main
from experiments.app import app, compose_config
from experiments.apps import APPS, BY_NAME, GROWING, describe_app, format_start, list_apps, read_command_words
from experiments.composing import compose
from experiments.configuration import CONF, OWN, list_choices
from experiments.folder import open_result_folder
from experiments.ownership import RECORD
from scripts import parameters
from sim import __version__
from sim.errors import InputError
from tests.conftest import ROOT

COMPOSED = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem not in ("base", "model"))
MODULES = {path.stem: path for path in (ROOT / "experiments").glob("*.py")} | {
    path.parent.name: path for path in (ROOT / "experiments").glob("*/__main__.py")
}
STARTED = {name for name, path in MODULES.items() if "\nif __name__ ==" in path.read_text(encoding="utf-8")}


def started_as(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "orig_argv", list(words))


@cache
def default(name: str) -> DictConfig:
    return compose(name, [], with_hydra=True)


def said(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    path = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *words], cwd=folder, env=path, capture_output=True, text=True, check=False)


def test_every_app_is_listed_by_what_a_person_wants(capsys: pytest.CaptureFixture[str], command_line) -> None:
    assert STARTED - {"__main__"} == set(BY_NAME)
    assert list(APPS) == ["See it", "Ask it", "Sweep it", "Test a detector", "Check the model"]
    pages = []
    for words in ((), ("--help",), ("-h",)):
        command_line(*words)
        main()
        pages.append(capsys.readouterr().out)
    assert set(pages) == {f"{list_apps()}\n"}
    for name in BY_NAME:
        assert f"\n  {name:<12} {describe_app(name)}\n" in pages[0]
        assert 20 < len(describe_app(name)) <= 110
    assert f"{format_start('suppression')} --help" in pages[0]


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str], command_line) -> None:
    command_line("--version")
    main()
    assert capsys.readouterr().out == f"infowar-lab {__version__}\n"


@pytest.mark.parametrize("name", BY_NAME)
def test_the_version_of_an_app_is_that_of_the_package(name: str) -> None:
    done = said("-m", "experiments", name, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"infowar-lab {__version__}\n", "")


def test_help_is_a_word_too(capsys: pytest.CaptureFixture[str], command_line) -> None:
    command_line("help")
    main()
    assert capsys.readouterr().out == f"{list_apps()}\n"
    for name in ("run", "demo"):
        ways = (["help", name], [name, "help"], [name, "--help"])
        one, behind, other = (said("-m", "experiments", *words) for words in ways)
        assert one.returncode == behind.returncode == 0
        assert one.stdout == behind.stdout == other.stdout != ""
    command_line("help", "nope")
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err.startswith("nope is not an app: ")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("suppresion", "suppresion is not an app: did you mean suppression?"),
        ("zzz", "zzz is not an app: choose one of: calibrate, contest, "),
        ("--hlp", "--hlp is not an app: say infowar-lab APP KEY=VALUE"),
        ("seeds=3", "seeds=3 is not an app: say infowar-lab APP KEY=VALUE"),
        ("runs", "runs is not an app: did you mean run?"),
    ],
)
def test_an_unknown_app_is_one_line_and_code_2(
    word: str, line: str, capsys: pytest.CaptureFixture[str], command_line
) -> None:
    command_line(word, "seeds=3")
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)


def test_the_list_is_quick_to_come() -> None:
    code = "import sys, experiments.__main__ as command; sys.argv = ['x']; command.main()\n"
    done = said("-c", f"{code}print(*{{name.partition('.')[0] for name in sys.modules}})")
    assert not {"hydra", "omegaconf", "yaml", "numpy", "numba", "mesa", "pandas"} & set(
        done.stdout.split("\n")[-2].split()
    )


def test_an_app_runs_by_the_command_and_its_record_says_how_to_run_it_again(tmp_path: Path) -> None:
    few = ["population.size=60", "army.size=6", "campaign.start=1", "ticks=3", "out=r", "workers=2", "seeds=2"]
    done = said("-m", "experiments", "story", "scenario=quiet", *few, "ticks=216", folder=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "results: r"), done.stderr
    record = yaml.safe_load((tmp_path / "r" / RECORD).read_text(encoding="utf-8"))
    assert record["command"] == shlex.join(
        ["python", "-m", "experiments", "story", "scenario=quiet", *few, "ticks=216"]
    )


@pytest.mark.parametrize("words", [["run", "seedz=3"], ["report", "nowhere"], ["demo", "--port", "-1"]])
def test_a_mistake_by_the_command_is_the_app_s_own_line(words: list[str], tmp_path: Path) -> None:
    one = said("-m", "experiments", *words, folder=tmp_path)
    other = said("-m", f"experiments.{words[0]}", *words[1:], folder=tmp_path)
    assert (one.returncode, one.stdout, one.stderr) == (2, "", other.stderr)
    assert one.stderr.count("\n") == 1


@pytest.mark.parametrize("way", ["-m experiments", "-m experiments.run"])
def test_nobody_reads_on(way: str, tmp_path: Path) -> None:
    words = [*way.split(), *(["run"] if way == "-m experiments" else []), "--help-all"]
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_ctrl_c_before_the_app_is_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command_line
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    command_line("run")
    monkeypatch.setattr("runpy.run_module", stop)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "stopped: nothing was written\n")


def test_sigterm_by_the_command_is_said_once(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "experiments", "run", "ticks=100000", f"out={tmp_path}/r"]
    with subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list(tmp_path.iterdir()):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err.count("stopped: nothing was written") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "again", "start"),
    [
        (
            ["/v/bin/python", "-m", "experiments.run", "seed=2"],
            "python -m experiments.run seed=2",
            "python -m experiments.",
        ),
        (
            ["/v/python", "-X", "dev", "-m", "experiments", "run"],
            "python -X dev -m experiments run",
            "python -m experiments ",
        ),
        (["/v/bin/python", "/v/bin/infowar-lab", "run", "out=a b"], "infowar-lab run 'out=a b'", "infowar-lab "),
        (["/v/python.exe", "/v/Scripts/infowar-lab.exe", "run"], "infowar-lab run", "infowar-lab "),
        (["/v/bin/python", "mine.py"], "python mine.py", "python -m experiments."),
        (["/v/bin/python"], "python", "python -m experiments."),
    ],
)
def test_a_command_is_told_in_the_form_in_which_it_was_typed(
    words: list[str], again: str, start: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started_as(monkeypatch, *words)
    assert shlex.join(read_command_words()) == again
    assert format_start("run") == f"{start}run"
    with open_result_folder(str(tmp_path / "r"), {}):
        pass
    assert yaml.safe_load((tmp_path / "r" / RECORD).read_text(encoding="utf-8"))["command"] == again
    page = help_pages.format_help("sweep", default("sweep"))
    assert f'  {start}sweep "sweep.grid=' in page
    assert ("python -m" in page) == start.startswith("python")


def test_the_page_names_every_app_where_the_list_does() -> None:
    page = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    for purpose, apps in APPS.items():
        table = page.partition(f"\n| {purpose.lower()} | |\n")[2].partition("\n\n")[0]
        assert sorted(re.findall(r"^\| `infowar-lab (\w+)` \| .+ \|$", table, re.MULTILINE)) == sorted(apps), purpose


# Help


@pytest.mark.parametrize("name", sorted(name for name, app in BY_NAME.items() if not app.keys))
def test_an_app_without_keys_has_a_page_of_the_same_kind(name: str) -> None:
    pages = [said("-m", "experiments", name, flag).stdout for flag in ("--help", "-h", "--help-all")]
    assert len(set(pages)) == 1
    does, _, others = pages[0].partition("\n\nThe options that matter, with their values now\n")
    assert does.startswith(describe_app(name))
    options, _, _ = others.partition("\n\nExamples\n")
    for row in options.splitlines():
        assert re.fullmatch(r"  \S+ {2,}\S.+", row)
    assert max(map(len, pages[0].splitlines())) <= 125
    wrong = said("-m", "experiments", name, "--no-such-option")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.endswith(f": see python -m experiments {name} --help\n")


@pytest.mark.parametrize("name", COMPOSED)
def test_help_names_no_page_of_the_checkout_and_the_folder_where_the_choices_lie(name: str) -> None:
    pages = [tell(name, default(name)) for tell in (help_pages.format_help, help_pages.format_full_help)]
    assert f"\n                     {CONF}\n" in pages[0]
    for page in pages:
        assert re.findall(r"docs/\w+\.md|(?<!/)conf/", page.replace(str(CONF), "")) == []


def test_the_table_that_help_reads_is_current() -> None:
    assert parameters.TABLE.read_text(encoding="utf-8") == parameters.table(), "run: python -m scripts.parameters"
    with parameters.TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["rule"], row["field"]) for row in csv.DictReader(file)]
    assert len(set(rows)) == len(rows) == len(parameters.MEANINGS)


@pytest.mark.parametrize("name", COMPOSED)
def test_help_opens_with_ten_keys_that_have_a_meaning_and_a_value(name: str) -> None:
    config = default(name)
    known = {key.name: key for key in help_pages.describe_keys(name, config)}
    chosen = BY_NAME[name].keys.split()
    assert len(set(chosen)) == 10
    assert [key for key in chosen if key not in known or not known[key].about.meaning] == []
    assert [key for key in chosen if known[key].value.startswith("{")] == [], "of a dictionary a reader sees nothing"
    page = help_pages.format_help(name, config)
    does, _, others = page.partition("\n\nThe keys that matter, with their values now\n")
    assert does.startswith(describe_app(name))
    for key in chosen:
        assert f"\n  {key}=" in f"\n{others}"
    assert "--help-all" in page
    assert max(map(len, page.partition("\n\nExamples\n")[0].splitlines())) <= 125
    assert ("  -m  " in page) == (name not in GROWING)


def test_help_all_has_what_an_app_declares_of_its_own_keys() -> None:
    page = help_pages.format_full_help("suppression", compose("suppression", [], CONF, with_hydra=True))
    assert "\nknockouts.seeds=6\n" in page
    assert "    unit seeds; range a whole number from 0 to 10000; source: a choice\n\ndose.seeds=4" in page
    assert "expression.climate_weight: [0.0,5.0]" in page, "the priors are not cut"


@pytest.mark.parametrize("name", COMPOSED)
def test_help_all_has_every_key_with_what_is_known_of_it(name: str) -> None:
    config = default(name)
    page = help_pages.format_full_help(name, config)
    known = help_pages.describe_keys(name, config)
    assert [key.name for key in known if not key.about.meaning] == []
    words = " ".join(page.split())
    for key in known:
        assert f"\n{key.name}=" in page
        assert key.name in help_pages.OTHERS or " ".join(f"{key.name}={key.value}".split()) in words
    for key in config:
        if key != "hydra" and config[key] != {}:
            assert re.search(rf"^\+?{key}[.=]", page, re.MULTILINE), key
    if "population" in config:
        assert "army.size=" in page
        assert "    unit posts/h; range 0 to 1000; default 15; source: " in page
        assert "    range true, false; default true; source: " in page
        assert "source" in page.splitlines()[0]


@pytest.mark.parametrize(
    ("unit", "meaning", "line"),
    [
        ("h", "length of the campaign", "length of the campaign (h)"),
        ("s", "mean delay of a post", "mean delay of a post (s)"),
        ("share", "share of edges that are returned", "share of edges that are returned"),
        ("share", "P(a reply is abusive)", "P(a reply is abusive)"),
        ("posts", "posts added to what is expected", "posts added to what is expected"),
        ("1/session", "what abuse adds", "what abuse adds (1/session)"),
        ("1", "weight of alarm, from 1", "weight of alarm, from 1"),
        ("kind", "what is done", "what is done"),
    ],
)
def test_a_key_has_its_unit_once(unit: str, meaning: str, line: str) -> None:
    assert help_pages._format_unit(help_pages.Field("", unit, "", "", meaning)) == line


def test_values_are_those_of_now_and_what_is_left_at_its_default_is_there_too() -> None:
    config = compose("run", ["scenario=committee_smear", "army.size=3", "forces=genuine"], with_hydra=True)
    known = {key.name: key for key in help_pages.describe_keys("run", config)}
    assert known["army.size"].value == "3"
    assert known["forces.committee.operations.smear.hours"].value == "120"
    assert known["forces.committee.principal.kind"].about.meaning
    assert known["+forces.fans.size"].about.unit == "accounts"
    assert known["record.columns"].value == "[stance_principal,opinion_climate,fear]"
    assert known["replay"].value == "false"
    assert "scenario=committee_smear" in help_pages.format_choices("run", config)


def test_a_rule_of_a_user_s_own_is_told_as_far_as_it_says() -> None:
    words = ["+forces.mine={_target_: tests.test_app.Army, size: 3}", "+forces.odd={_target_: nowhere.At, all: 1}"]
    known = {key.name: key for key in help_pages.describe_keys("run", compose("run", words, with_hydra=True))}
    assert known["forces.mine.size"].about[:4] == ("60", "accounts", "", "assumption")
    assert known["+forces.mine.quota"].value == "30"
    assert known["forces.odd.all"].value == "1"


def test_choices_of_one_s_own_are_offered_in_help_and_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mine" / "scenario").mkdir(parents=True)
    (tmp_path / "mine" / "scenario" / "smear.yaml").write_text("# @package _global_\nseed: 3\n", encoding="utf-8")
    (tmp_path / "my.yaml").write_text("army: {size: 0}\n", encoding="utf-8")
    monkeypatch.setenv(OWN, str(tmp_path / "mine"))
    for words, code, line in (
        (["scenario=smear", "--help"], 0, "  scenario=smear "),
        (["scenario=my.yaml", "--help"], 0, f"  scenario={tmp_path}/my.yaml"),
        (["scenario=smeear"], 2, "smear"),
        (["army.sise=3", "--help"], 2, "army.sise is not a known key: did you mean army.size?"),
        (["army.sise=3", "--help-all"], 2, "army.sise is not a known key: did you mean army.size?"),
    ):
        command_line(*words)
        with pytest.raises(SystemExit) as ended:
            app("run", lambda config, folder: None)
        assert (ended.value.code or 0) == code
        told = capfd.readouterr()
        assert line in (told.err if code else told.out)


def test_what_an_app_sets_itself_is_refused_in_one_line() -> None:
    for name in COMPOSED:
        config, own = default(name), BY_NAME[name].own
        assert not {*own} & {*BY_NAME[name].keys.split(), *help_pages.list_offered(name, config)}
        for place in own:
            found = OmegaConf.select(config, place)
            assert found is not None, f"{name} has no {place}"
            for key in (f"{place}.size", place) if isinstance(found, DictConfig) else (place,):
                for word in (f"{key}=1", f"+{key}=1"):
                    with pytest.raises(InputError, match=rf"^{key} is not for {name}, which sets {place} itself: ."):
                        compose_config(name, [word])
    assert compose_config("contest", ["scenario=flooded_hashtag"]).army.size > 0, "a scenario may have an army"
    assert any(BY_NAME[name].own for name in COMPOSED)


def test_an_app_offers_the_groups_that_it_has_and_no_choice_that_it_refuses() -> None:
    for name in COMPOSED:
        config = default(name)
        offered = help_pages.list_offered(name, config)
        assert ("lesson" in offered, "release" in offered) == (name == "replay", name == "export")
        for word in BY_NAME[name].refused.split():
            group, _, choice = word.partition("=")
            assert choice in list_choices(group)
            assert choice not in offered[group]
    assert help_pages.format_choices("reproduce", default("reproduce")) == ""
    assert "file (with graph.path=FILE)" in help_pages.format_choices("run", default("run"))


def test_who_refuses_a_multirun_says_so_in_its_help() -> None:
    growing = {name for name, path in MODULES.items() if 'resumable_app("' in path.read_text(encoding="utf-8")}
    assert growing - {"app"} == set(GROWING)
