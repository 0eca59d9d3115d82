"""The coordination network toolkit, as its users call it, reads the export unchanged; jitter blinds it."""

import shutil
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from experiments.detection.dataset import Dataset
from experiments.detection.export import export
from experiments.extras import format_install
from experiments.settings import build_setting
from tests.test_conf import composed
from tests.test_dataset import SEED, recorded

TOOL = shutil.which("compute_networks", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(TOOL is None, reason=f"needs the toolkit: {format_install('toolkits')}")

# An army that lifts what supporters wrote in one loud hour a day, in threes.
BURSTS = ("population.size=300", "army.size=21", "extremists.size=0", "army.span=3", "army.delay=0", "army.jitter=20",
          "army.shift=1", "army.rate=4", "army.quota=4", "campaign.tactics=[amplify]", "campaign.effort=equal",
          "campaign.start=24", "campaign.hours=240")  # fmt: skip


def called(*words: object) -> None:
    assert TOOL is not None
    subprocess.run([TOOL, *map(str, words)], check=True, capture_output=True)


def network(folder: Path, table: str, command: str) -> nx.Graph:
    """Return what the toolkit makes of a table, with the options of `docs/detection.md`."""
    base, graph = folder / f"{command}.db", folder / f"{command}.graphml"
    called(base, "preprocess", folder / table)
    options = ("--time_window", 60, "--min_edge_weight", 2, "--output_file", graph, "--output_format", "graphml")
    called(base, "compute", command, *options)
    return nx.read_graphml(graph)


def exported(folder: Path, *knobs: str, ticks: int = 272) -> Path:
    setting = build_setting(composed("export", *BURSTS, *knobs))
    out = folder / "out"
    out.mkdir()
    world = recorded(folder, setting, ticks)
    export(Dataset(world, SEED, setting.campaign.start, setting.evasion), out, ("parquet", "cnt"), lambda posts: None)
    return out


def auc(folder: Path) -> float:
    """Return how well the strength in the toolkit's network of common reposts tells the army from the people."""
    strength = dict(network(folder, "cnt.csv", "co_retweet").degree(weight="weight"))
    accounts = pd.read_parquet(folder / "truth/truth_accounts.parquet")
    scores = np.array([strength.get(account, 0) for account in accounts["account_id"]])
    return float(roc_auc_score(accounts["role"] == "troll", scores))


@pytest.mark.slow
def test_its_own_command_line_runs_on_the_export_and_jitter_blinds_it(tmp_path: Path) -> None:
    curve = {}
    for jitter in (0, 600, 3600, 21600):
        folder = tmp_path / str(jitter)
        folder.mkdir()
        curve[jitter] = auc(exported(folder, f"evasion.jitter={jitter}"))
    assert curve[0] > 0.95, curve
    assert curve[0] > curve[600] > curve[3600] > curve[21600], curve
    assert curve[21600] < 0.65, curve


def test_every_network_it_knows_can_be_made(tmp_path: Path) -> None:
    out = exported(tmp_path, ticks=72)
    accounts = set(pd.read_parquet(out / "accounts.parquet")["account_id"])
    for command in ("co_retweet", "co_tweet", "co_similar_tweet", "co_link", "co_reply", "co_post"):
        graph = network(out, "cnt_links.csv" if command == "co_link" else "cnt.csv", command)
        assert set(graph) <= accounts, command
