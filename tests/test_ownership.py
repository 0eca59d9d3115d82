"""Nothing that a user or another app put into a result folder is lost, whatever the run does."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from experiments import folder as folder_module
from experiments.app import CONF, app, compose_config
from experiments.folder import open_result_folder
from experiments.ownership import RECORD, Maker
from sim.errors import InputError

STORY = Maker("story", "quiet")
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini", "._a.txt", "figures/.DS_Store")


def write_result(out: Path, text: str = "first", maker: Maker = STORY) -> None:
    with open_result_folder(str(out), {"seed": 1}, maker) as folder:
        (folder / "a.txt").write_text(text, encoding="utf-8")
        (folder / "figures").mkdir()
        (folder / "figures/b.txt").write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write_result(tmp_path / "out")
    return tmp_path / "out"


def change_record(out: Path, change: Callable[[dict[str, object]], object]) -> None:
    record = yaml.safe_load((out / RECORD).read_bytes())
    change(record)
    (out / RECORD).write_text(yaml.safe_dump(record), encoding="utf-8")


def leave_as_older_version(record: dict[str, object]) -> None:
    for key in ("app", "scenario", "seal"):
        del record[key]
    record["files"] = list(record["files"])  # type: ignore[call-overload]


CURE = ": name another folder, or move it away"
CHANGES: dict[str, Callable[[Path], object]] = {
    "holds a.txt, which was changed after its run": lambda out: (out / "a.txt").write_text("mine", encoding="utf-8"),
    "holds figures/b.txt, which was changed after its run": lambda out: (out / "figures/b.txt").write_bytes(b""),
    "holds run.yaml, which was changed after its run": lambda out: change_record(
        out, lambda record: record.update(notes="mine")
    ),
    "has lost figures/b.txt, which its run wrote": lambda out: (out / "figures/b.txt").unlink(),
    "holds figures/c.txt, which no run wrote": lambda out: (out / "figures/c.txt").write_bytes(b"mine"),
    "holds a.txt, which no run wrote": lambda out: (out / RECORD).unlink(),
    "holds link, which no run wrote": lambda out: (out / "link").symlink_to(out / "figures"),
}


@pytest.mark.parametrize("objection", CHANGES)
def test_what_somebody_changed_is_refused_before_anything_runs(objection: str, out: Path) -> None:
    CHANGES[objection](out)
    before = contents(out)
    with pytest.raises(InputError) as error, open_result_folder(str(out), {}, STORY):
        pytest.fail("the block must not run")
    assert str(error.value) == f"out={out} {objection}{CURE}"
    assert contents(out) == before
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize(
    "maker", [Maker("story", "protest_day"), Maker("run", "quiet"), Maker("validity"), Maker("story", "quiet.v2")]
)
def test_what_another_app_or_scenario_made_is_refused_before_anything_runs(maker: Maker, tmp_path: Path) -> None:
    write_result(tmp_path / "out", maker=maker)
    with pytest.raises(InputError) as error, open_result_folder(str(tmp_path / "out"), {}, STORY):
        pytest.fail("the block must not run")
    also = f" scenario={maker.scenario}" if maker.scenario else ""
    assert str(error.value) == f"out={tmp_path / 'out'} holds a result of {maker.app}{also}{CURE}"


def test_what_the_same_app_and_scenario_made_is_replaced(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    write_result(out, "second")
    assert (out / "a.txt").read_text(encoding="utf-8") == "second"
    assert capsys.readouterr().out == f"results: {out}\n"
    assert names(out.parent) == ["out"]


def test_what_file_managers_leave_is_no_objection_and_in_no_record(out: Path) -> None:
    for name in LITTER:
        (out / name).write_bytes(b"\0\0\0\1Bud1")
    with open_result_folder(str(out), {}, STORY) as folder:
        (folder / "a.txt").write_bytes(b"second")
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    assert {*contents(out)} == {"a.txt", RECORD, ".DS_Store"}
    assert [*yaml.safe_load((out / RECORD).read_bytes())["files"]] == ["a.txt"]
    write_result(out)


def test_a_result_of_an_older_version_is_judged_by_its_names(out: Path) -> None:
    change_record(out, leave_as_older_version)
    (out / "mine.txt").write_bytes(b"")
    with pytest.raises(InputError, match=r"holds mine\.txt, which no run wrote"):
        write_result(out)
    (out / "mine.txt").unlink()
    write_result(out, "second")
    assert (out / "a.txt").read_text(encoding="utf-8") == "second"


def test_a_record_is_the_same_on_every_system(out: Path) -> None:
    text = (out / RECORD).read_bytes()
    assert b"\r" not in text
    record = yaml.safe_load(text.decode("utf-8"))
    assert [*record["files"]] == ["a.txt", "figures/b.txt"]
    assert {len(digest) for digest in record["files"].values()} == {64}
    assert ([*record][:2], [*record][-1]) == (["app", "scenario"], "seal")


def test_a_folder_that_can_not_be_read_is_one_line(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_module, "find_objection", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\): name another folder$"):
        write_result(out)


def test_a_name_that_the_system_refuses_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def refuse(path: Path, *words: object, **more: object) -> None:
        if path.name == "con":
            raise OSError(22, "The directory name is invalid")
        make(path, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"/con cannot be written \(The directory name is invalid\): "):
        write_result(tmp_path / "con")
    assert names(tmp_path) == []


# While the run goes on


@contextmanager
def running(out: Path) -> Iterator[Path]:
    with open_result_folder(str(out), {}, STORY) as folder:
        (folder / "a.txt").write_bytes(b"new")
        yield folder


def said(out: Path, objection: str) -> str:
    return f"out={out} {objection} while the run went on: it stays, and the result is beside it\n"


def test_what_somebody_changes_meanwhile_stays_and_the_result_is_beside_it(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for place, name in (("out-new", "notes.md"), ("out-new2", "notes.md")):
        with running(out):
            (out / name).write_bytes(b"mine")
        here = out.with_name(place)
        told = capsys.readouterr()
        assert told.out == f"results: {here}\n"
        assert told.err == said(out, "holds notes.md, which no run wrote")
        assert (here / "a.txt").read_bytes() == b"new"
        assert (out / "notes.md").read_bytes() == b"mine"
        (out / "notes.md").unlink()
    with running(out):
        (out / "a.txt").write_bytes(b"mine")
    assert capsys.readouterr().err == said(out, "holds a.txt, which was changed after its run")
    assert (out / "a.txt").read_bytes() == b"mine"
    assert names(out.parent) == ["out", "out-new", "out-new2", "out-new3"]


def test_a_folder_that_appears_meanwhile_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path / "out"):
        (tmp_path / "out").mkdir()
        (tmp_path / "out/mine.txt").write_bytes(b"mine")
    assert capsys.readouterr().err == said(tmp_path / "out", "holds mine.txt, which no run wrote")
    assert contents(tmp_path / "out") == {"mine.txt": b"mine"}


def refuse_rename(monkeypatch: pytest.MonkeyPatch, name: str, times: int = 1000) -> None:
    """Have Windows refuse to rename what is called `name`, some times."""
    rename, left = Path.rename, [times]

    def refuse(path: Path, target: Path) -> Path:
        if path.name.startswith(name) and left[0]:
            left[0] -= 1
            raise PermissionError(13, "Access is denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)


def test_a_folder_that_windows_will_not_rename_stays(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(out)
    with running(out):
        refuse_rename(monkeypatch, "out")
    assert capsys.readouterr().err == said(out, "could not be replaced (Access is denied)")
    assert contents(out) == before
    assert (out.with_name("out-new") / "a.txt").read_bytes() == b"new"


def test_a_result_that_can_not_take_its_name_is_kept_whole_and_so_is_the_former(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, draft = contents(out), out.with_name(f"_out-{os.getpid()}")
    with pytest.raises(InputError) as error, running(out):
        refuse_rename(monkeypatch, draft.name, times=1)
    assert str(error.value) == f"out={out} cannot be written (Access is denied): the result is whole in {draft}"
    assert contents(out) == before
    assert {*contents(draft)} == {"a.txt", RECORD}


def test_sigterm_while_a_former_result_is_looked_at_gives_it_its_name_back(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> str:
        signal.raise_signal(signal.SIGTERM)
        return ""

    before = contents(out)
    with pytest.raises(SystemExit), running(out):
        monkeypatch.setattr(folder_module, "find_objection", stop)
    assert contents(out) == before


# The name of the folder

TOY = "defaults: [base, {scenario: calm}, _self_]\nout: out/toy-{scenario}\nhydra: {help: {header: A toy.}}\n"


@pytest.fixture
def play(
    tmp_path: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """Return a function that runs a toy with scenarios and returns exit code, stdout, stderr."""
    conf = tmp_path / "conf"
    (conf / "scenario").mkdir(parents=True)
    shutil.copy(CONF / "base.yaml", conf)
    (conf / "toy.yaml").write_text(TOY, encoding="utf-8")
    for name in ("calm", "storm"):
        (conf / f"scenario/{name}.yaml").write_text(f"# @package _global_\nweather: {name}\n", encoding="utf-8")

    def toy(config: DictConfig, folder: Path) -> None:
        (folder / "a.txt").write_text(f"{config.weather} in {config.out}", encoding="utf-8")

    def play(*words: str) -> tuple[object, str, str]:
        command_line(*words)
        code: object = 0
        try:
            app("toy", toy, conf)
        except SystemExit as leave:
            code = leave.code
        return code, *capfd.readouterr()

    return play


def test_the_folder_is_named_after_the_scenario(play: Callable[..., tuple[object, str, str]], tmp_path: Path) -> None:
    assert play() == (0, "results: out/toy-calm\n", "")
    assert play("scenario=storm") == (0, "results: out/toy-storm\n", "")
    assert play("scenario=storm", "out='a {scenario}'") == (0, "results: a storm\n", "")
    record = yaml.safe_load((tmp_path / "out/toy-storm" / RECORD).read_bytes())
    assert (record["app"], record["scenario"], record["config"]["out"]) == ("toy", "storm", "out/toy-storm")


def test_another_scenario_in_the_same_folder_is_one_line_and_code_2(
    play: Callable[..., tuple[object, str, str]], tmp_path: Path
) -> None:
    assert play("out=same")[0] == 0
    line = "out=same holds a result of toy scenario=calm: name another folder, or move it away\n"
    assert play("out=same", "scenario=storm") == (2, "", line)
    assert (tmp_path / "same/a.txt").read_text(encoding="utf-8") == "calm in same"
    assert play("out=same", "seed=2")[0] == 0


def test_all_folders_of_a_multirun_are_looked_at_before_the_first_run(
    play: Callable[..., tuple[object, str, str]], tmp_path: Path
) -> None:
    assert play("-m", "scenario=calm,storm") == (0, "results: out/toy-calm-0\nresults: out/toy-storm-1\n", "")
    told = (tmp_path / "out/toy-storm-1/a.txt").read_text(encoding="utf-8")
    assert told == "storm in out/toy-storm-1"
    (tmp_path / "out/toy-storm-1/a.txt").write_bytes(b"mine")
    before = contents(tmp_path / "out")
    code, out, err = play("-m", "scenario=calm,storm", "seed=2")
    assert (code, out) == (2, "")
    assert err.startswith("out=out/toy-storm-1 holds a.txt, which was changed after its run: ")
    assert contents(tmp_path / "out") == before


APPS = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem not in ("base", "model"))


@pytest.mark.parametrize("name", APPS)
def test_every_app_with_scenarios_names_its_folder_after_them(name: str) -> None:
    source = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    config = compose_config(name, [])
    has = "scenario" in source.partition("_self_")[0] or "- sweep\n" in source
    assert config.out.startswith(f"out/{name}")
    assert ("-" in config.out) == has
    assert "{" not in config.out
    assert "hydra" not in OmegaConf.to_container(config)
    if has:
        wanted = compose_config(name, ["scenario=quiet"])
        assert wanted.out == f"out/{name}-quiet"
