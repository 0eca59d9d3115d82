"""A case: one world as a platform shows it, who was organised, and what the campaign achieved."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.detection.dataset import Dataset, read_dataset
from experiments.detection.detector import CAMPAIGN, GENUINE, I64, UNKNOWN
from experiments.detection.surface import EPOCH
from experiments.detection.view import PlatformView, TruthTables
from experiments.panel import PanelOptions
from experiments.recorder import Recorder
from sim.observers.base import StepRecord
from sim.setting import Setting
from sim.state import truth as roles
from sim.state.truth import EXTREMIST, ROLES
from sim.world import World

OUTCOMES = ("standing_dissent", "dissent_impressions", "campaign_impressions", "campaign_posts")


class Case(NamedTuple):
    """One world, played to its end."""

    view: PlatformView
    truth: TruthTables
    start: int  #: of the campaign, seconds since the epoch
    outcome: dict[str, float]  #: by `OUTCOMES`, from the campaign's start to the end of the run


class CampaignObserver:
    """An observer: counts how often ordinary people see what the campaign's accounts wrote, and how much they write.

    Args:
        serving: bool [A], the campaign's accounts.
    """

    def __init__(self, serving: NDArray[np.bool_]) -> None:
        self.serving = serving

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return both counts of this tick."""
        seen = int(self.serving[step.posts.original_author[step.seen.item]].sum())
        written = int(self.serving[step.posts.author[step.new]].sum())
        return {"campaign_impressions": seen, "campaign_posts": written}


def simulate_case(setting: Setting, seed: int, ticks: int) -> Case:
    """Simulate one world and return it as a case."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with Recorder(folder, PanelOptions(0, 24, ())) as recorder:
            world = World(setting, rng=seed, archive=recorder)
            world.observers.append(CampaignObserver(_find_campaign_accounts(world)))
            recorder.begin(world)
            world.run(ticks)
            recorder.finish(world)
        view, truth = read_dataset(Dataset(folder, seed, setting.campaign.start, setting.evasion))
    after = world.history[setting.campaign.start :]
    outcome = {name: float(after[name].sum()) for name in OUTCOMES[1:]}
    outcome["standing_dissent"] = float((after["dissent_posts"] - after["dissent_removed"]).sum())
    return Case(view, truth, EPOCH + 3600 * setting.campaign.start, outcome)


def _find_campaign_accounts(world: World) -> NDArray[np.bool_]:
    """Return which accounts are a campaign's: neither genuine nor the extremists', bool [A]."""
    return ~np.isin(world.state.truth.role, (*roles.GENUINE, EXTREMIST))


def label_accounts(truth: TruthTables) -> I64:
    """Return the label of each account; the extremists are UNKNOWN: organised, but not by the campaign."""
    role = truth.accounts["role"].to_numpy().astype(str)
    found = np.where(np.isin(role, np.array(ROLES)[list(roles.GENUINE)]), GENUINE, CAMPAIGN)
    return np.where(role == ROLES[EXTREMIST], UNKNOWN, found).astype(np.int64)


def cut_view(case: Case, second: int) -> PlatformView:
    """Return what the platform had shown before `second` (since the epoch), but for what was deleted later."""
    posts = case.view.posts
    return case.view._replace(posts=posts[posts["time"].to_numpy() < second])


def join_cases(cases: list[Case]) -> tuple[PlatformView, I64]:
    """Return several worlds as one view, with the labels of its accounts.

    Ids are drawn by seed, so that two worlds share none but by a rare chance.

    Raises:
        ValueError: two worlds share an account, as those of one seed do.
    """
    import pandas as pd

    views = [case.view for case in cases]
    accounts, posts, follows = (pd.concat(tables, ignore_index=True) for tables in zip(*views, strict=True))
    if not accounts["account_id"].is_unique:
        raise ValueError("two of these worlds share accounts: give them different seeds")
    order = np.argsort(accounts["account_id"].to_numpy())
    told = np.concatenate([label_accounts(case.truth) for case in cases])
    return PlatformView(accounts.iloc[order].reset_index(drop=True), posts, follows), told[order]


def iterate_views(case: Case, hours: tuple[int, ...]) -> Iterator[tuple[int, PlatformView]]:
    """Yield each of `hours` after the campaign's start with what had been shown until then."""
    for hour in hours:
        yield hour, cut_view(case, case.start + 3600 * hour)
