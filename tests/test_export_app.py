"""The app that writes data sets: from a played world or a recorded one, with a card; releases are what they were."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from omegaconf import OmegaConf

from experiments import export
from experiments.app import app
from experiments.detection.card import hash_settings
from experiments.detection.export import FORMATS
from experiments.detection.formats.canonical import load
from experiments.settings import build_setting
from sim.errors import InputError
from tests.test_conf import composed
from tests.test_dataset import recorded

FEW = ("population.size=60", "army.size=6", "extremists.size=2", "campaign.start=10", "ticks=30", "evasion=moderate")


def run(*words: str) -> None:
    argv, sys.argv = sys.argv, ["export", *words]
    try:
        app("export", export.main)
    finally:
        sys.argv = argv


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "out"
    run(*FEW, "seeds=2", "formats=[parquet,cnt]", f"out={folder}")
    return folder


def test_a_data_set_a_seed_with_its_card(out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {"seed-1", "seed-2", "about.yaml", "config.yaml", "run.yaml"}
    for folder in (out / "seed-1", out / "seed-2"):
        view, truth = load(folder)
        card = (folder / "README.md").read_text()
        assert f"| posts | {len(view.posts):,} |" in card
        for words in ("| accounts (troll) | 6 |", "| accounts (organic) | 60 |", "jitter: 600.0", "numpy"):
            assert words in card
        for words in ("What is not as in life", "Fingerprint", "paraphrase: swap"):
            assert words in card
        assert len(truth.accounts) == 68


def test_a_recorded_world_gives_the_same_data(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setting = build_setting(composed("run", *FEW))
    world = recorded(tmp_path / "world", setting, 30, seed=2)
    whole = OmegaConf.to_container(composed("run", *FEW, "seed=2", "seeds=1"), resolve=True)
    (world / "config.yaml").write_text(yaml.safe_dump(whole))
    run(f"world={world}", "seed=2", "formats=[parquet]", f"out={tmp_path / 'again'}")
    for name in ("accounts", "posts", "follows", "truth/truth_accounts", "truth/truth_posts"):
        one, other = (pd.read_parquet(folder / f"{name}.parquet") for folder in (out / "seed-2", tmp_path / "again"))
        pd.testing.assert_frame_equal(one, other)
    for words, said in {
        ("seed=1",): "has the seeds 2 to 2: set seed and seeds within",
        (
            *FEW,
            "population.size=61",
        ): "which is exported as it was recorded, with 60: leave population.size or world out",
        ("evasion.jitter=7",): "evasion.jitter=7 is not for world=",
        ("scenario=quiet",): "leave ",
    }.items():
        with pytest.raises(SystemExit):
            run("seed=2", *words, f"world={world}", f"out={tmp_path / 'other'}")
        assert said in capsys.readouterr().err
    run(*FEW, "seed=2", "formats=[cnt]", f"world={world}", f"out={tmp_path / 'alike'}")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("world=nowhere",), "world=nowhere holds no config.yaml: name the folder of a run of experiments.run"),
        (("formats=[xml]",), "formats has xml, which is unknown: choose one of: cnt, coortweet"),
        (
            ("population.size=1", "army.size=0", "extremists.size=0", "ticks=2"),
            "nobody wrote a post in the world of seed",
        ),
        (("release=huge",), "release=huge is unknown: choose one of: large, medium, none, small"),
        (("evasion.jiter=3",), "evasion.jiter is not a known key: did you mean evasion.jitter?"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], line: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leave:
        run(*words, f"out={tmp_path / 'out'}")
    assert leave.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(line)


def test_a_world_of_one_is_written_in_every_format(tmp_path: Path) -> None:
    alone = ("population.size=1", "population.sessions_per_day=20", "army.size=0", "extremists.size=0", "ticks=120")
    run(*alone, "campaign.start=20", f"formats=[{','.join(FORMATS)}]", f"out={tmp_path / 'out'}")
    view, _ = load(tmp_path / "out")
    assert (len(view.accounts), len(view.follows)) == (1, 0)
    assert len(view.posts) > 0


def test_a_recording_without_the_seed_is_one_line(tmp_path: Path) -> None:
    for name in ("posts", "truth/posts"):
        path = tmp_path / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "config.yaml").write_text("seed: 3\nseeds: 2\n")
    with pytest.raises(InputError, match="has the seeds 3 to 4: set seed and seeds within"):
        export.read_recorded_config(tmp_path, OmegaConf.create({"seed": 4, "seeds": 2}))


def test_what_decides_the_data_has_a_hash() -> None:
    config: dict[str, Any] = {"seed": 1, "out": "a", "formats": ["v1"], "workers": 0, "release": {}}
    assert hash_settings(config) == hash_settings({"seed": 1, "out": "b", "formats": ["v2"]})
    assert hash_settings(config) != hash_settings(config | {"seed": 2})


def verdict_of(name: str, folder: Path) -> str:
    """Make a release and return what is said of it."""
    config = composed("export", f"release={name}")
    setting, whole = build_setting(config), OmegaConf.to_container(config)
    assert isinstance(whole, dict)
    world = recorded(folder / "world", setting, config.ticks, config.seed)
    return export.format_verdict(config.release, export.write_dataset(world, setting, whole, folder / "out", ("cnt",)))  # type: ignore[arg-type]


def test_the_small_release_is_what_it_was(tmp_path: Path) -> None:
    assert verdict_of("small", tmp_path) == "\nthis is release small"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["medium", "large"])
def test_the_other_releases_are_what_they_were(name: str, tmp_path: Path) -> None:
    if not composed("export", f"release={name}").release.fingerprint:
        pytest.skip(f"the fingerprint of {name} has not been taken")
    assert verdict_of(name, tmp_path) == f"\nthis is release {name}"


def test_another_data_set_is_no_release() -> None:
    release = composed("export", "release=small").release
    assert "this is not release small" in export.format_verdict(release, "0" * 64)
    assert export.format_verdict(composed("export").release, "0" * 64) == ""
