"""Numbers of Truong et al. (2024) that decide, the runs they belong to, and how ours are set beside them.

They are of the authors' public code on a small network, 16 runs beside this project; no spread was told of the
exposure, for which ours stands in.
"""

import math
from hashlib import blake2b

import pandas as pd

from experiments.published import simsom_2024
from experiments.published.simsom_2024 import SimSom, simulate
from experiments.published.simsom_networks import SimSomNetwork
from sim.state.graph import Graph

WITHIN = 3.0  #: combined standard errors that a difference may reach
RUNS = 16  #: that a published number of the small network rests on
SMALL = SimSom(phi=0.5, theta=4, strength=5.0)
SMALL_NETWORK = SimSomNetwork(people=1000, links=30, gamma=0.05)
STEPS = 40  #: of a run on the small network
DIGEST = "e23a8a94bee2915a"  #: of the edges of the published small network
#: measure -> what it is called, published mean, published standard deviation
TARGETS = {
    "quality": ("mean quality", 0.4977, 0.0128),
    "diversity": ("diversity, nats", 5.294, 0.055),
    "tau": ("tau, ties broken by quality", 0.7526, 0.0047),
    "exposure": ("exposure to bots' messages", 0.3888, math.nan),
    "tau_b": ("tau-b", math.nan, math.nan),
}


def hash_graph(graph: Graph) -> str:
    """Return a hash of who follows whom."""
    return blake2b(graph.following_start.tobytes() + graph.following.tobytes(), digest_size=8).hexdigest()


def simulate_small(graph: Graph, people: int, rule: SimSom, steps: int, seed: int) -> dict[str, float]:
    """Return every measure of one run of `steps` steps."""
    ended = simulate(graph, people, rule, seed, steps)
    tau, tau_b = simsom_2024.compute_taus(ended.platform)
    measures = {"quality": ended.quality, "diversity": simsom_2024.compute_diversity(ended.platform), "tau": tau}
    return {"seed": seed, **measures, "exposure": simsom_2024.compute_exposure(ended.platform), "tau_b": tau_b}


def compare(runs: pd.DataFrame, is_judged: bool) -> pd.DataFrame:
    """Return a row a measure of the small network: published, ours, standard errors, and whether they agree.

    Args:
        runs: a row a run, of `simulate_small`.
        is_judged: whether the runs are of the published network and setting; else nothing is passed or missed.
    """
    rows = []
    for measure, (name, value, spread) in TARGETS.items():
        ours, own = float(runs[measure].mean()), float(runs[measure].std())
        error = own / math.sqrt(len(runs))
        target_error = (own if math.isnan(spread) else spread) / math.sqrt(RUNS)
        passed = abs(ours - value) <= WITHIN * math.hypot(error, target_error)
        row = {"measure": measure, "name": name, "runs": len(runs), "target": value, "target_error": target_error}
        rows.append(
            row | {"ours": ours, "error": error, "passed": passed if is_judged and not math.isnan(value) else None}
        )
    return pd.DataFrame(rows).astype({"passed": "boolean"})
