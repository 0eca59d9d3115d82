"""Army against committee: what equal budgets do to one or many rivals, and how visible each organisation is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import write_metadata
from experiments.runs import run_jobs
from experiments.settings import build_setting, describe_run
from sim.campaigns import OPERATIONS
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.observers.base import StepRecord
    from sim.setting import Force, Setting
    from sim.world import World

ARMY, COMMITTEE, COMMITTEES = "army", "committee", "committees"


class ContestJob(NamedTuple):
    """All worlds of one seed."""

    setting: Setting
    seed: int
    ticks: int
    budget: float
    breadths: tuple[int, ...]
    tactics: tuple[str, ...]
    brigade: tuple[tuple[str, Any], ...]
    committee: tuple[tuple[str, Any], ...]


def main(config: DictConfig, folder: Path) -> None:
    """Run all jobs, draw the curves, and print where they cross."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.contests import summarise_curves
    from experiments.report import contest as report

    setting = build_setting(config)
    jobs = [make_job(config, setting, seed) for seed in range(config.seed, config.seed + config.seeds)]
    list(
        make_organisations(jobs[0], (0,) * max(jobs[0].breadths))
    )  # what cannot be built is said before anything is played
    rows: list[dict[str, Any]] = []
    notes: tuple[str, ...] = ()
    for found, said in run_jobs(run_job, jobs, config.workers, "simulating seeds"):
        rows, notes = rows + found, said
    table = pd.DataFrame(rows)
    table.to_parquet(folder / "contest.parquet", index=False)
    summarise_curves(table).to_parquet(folder / "curves.parquet", index=False)
    write_metadata(folder, OmegaConf.to_container(config), describe_run(setting, config, notes))  # type: ignore[arg-type]
    Console().print(report.write(folder))


def make_job(config: DictConfig, setting: Setting, seed: int) -> ContestJob:
    """Return what is played in one seed.

    Raises:
        InputError: a key of `contest` means nothing, in one line with the cure.
    """
    asked: Any = OmegaConf.to_container(config.contest)
    breadths, tactics = asked["breadths"], asked["tactics"]
    for name, value, like in (("breadths", breadths, "[1, 2, 4]"), ("tactics", tactics, "[abuse]")):
        if not isinstance(value, list):
            raise InputError(f"contest.{name}={value} must be a list, as in {like}")
    if not (isinstance(asked["budget"], int | float) and asked["budget"] > 0):
        raise InputError(f"contest.budget={asked['budget']} must be above 0: say contest.budget=10")
    if not breadths or any(not isinstance(b, int) or b < 1 for b in breadths) or sorted(set(breadths)) != breadths:
        raise InputError(f"contest.breadths={breadths} must be whole numbers from 1, rising, as in [1, 2, 4]")
    for tactic in tactics:
        if tactic not in OPERATIONS:
            raise InputError(f"contest.tactics has {tactic}, which is unknown: {suggest(str(tactic), OPERATIONS)}")
    if not tactics or config.ticks <= setting.campaign.start:
        raise InputError(
            f"there is no operation to compare: say contest.tactics=[abuse] and ticks={setting.campaign.end} or more"
        )
    given = (tuple(asked[name].items()) for name in ("brigade", "committee"))
    return ContestJob(setting, seed, config.ticks, float(asked["budget"]), tuple(breadths), tuple(tactics), *given)


def make_organisations(job: ContestJob, rivals: tuple[int, ...]) -> Iterator[tuple[str, int, tuple[Force, ...]]]:
    """Yield each organisation against the first `breadth` of the rivals: its name, the breadth, its forces.

    One committee takes the first of them whatever the breadth, so it is yielded once, at the least.
    """
    from sim.actors.committee import Brigade, Committee

    army, amateurs = dict(job.brigade), dict(job.committee)
    for breadth in job.breadths:
        yield ARMY, breadth, (Brigade(**army, **make_contract(job, job.budget, rivals[:breadth])),)
        each = (
            Committee(**amateurs, name=f"committee {n}", **make_contract(job, job.budget / breadth, rivals[n : n + 1]))
            for n in range(breadth)
        )
        if breadth == job.breadths[0]:
            yield COMMITTEE, breadth, (Committee(**amateurs, **make_contract(job, job.budget, rivals[:1])),)
        yield COMMITTEES, breadth, tuple(each)


def make_contract(job: ContestJob, budget: float, victims: tuple[int, ...]) -> dict[str, Any]:
    """Return principal and operations of a force for this part of the budget."""
    from sim.campaigns import Operation, Principal

    campaign = job.setting.campaign
    operations = tuple(
        Operation(tactic=tactic, victims=victims, start=campaign.start, hours=campaign.hours) for tactic in job.tactics
    )
    return {"principal": Principal(kind=campaign.principal, budget=budget), "operations": operations}


def run_job(job: ContestJob) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Simulate one seed: no organisation, then each one; return a row for each of them and breadth, and graph notes."""
    from sim.world import World

    base = World(job.setting, rng=job.seed)
    rivals = find_loudest(base, max(job.breadths))
    before, _ = measure_rivals(base, rivals, job.ticks)
    rows = []
    for organisation, breadth, forces in make_organisations(job, rivals):
        world = World(replace(job.setting, forces=(*job.setting.forces, *forces)), rng=job.seed)
        after, watch = measure_rivals(world, rivals, job.ticks)
        shown = watch.measure_visibility(world)
        for wide in job.breadths if organisation == COMMITTEE else (breadth,):
            lost = {name: int((before[name] - after[name])[:wide].sum()) for name in after}
            had = {f"{name}_before": int(before[name][:wide].sum()) for name in after}
            rows.append({"seed": job.seed, "organisation": organisation, "breadth": wide, **lost, **had, **shown})
    return rows, base.notes


def find_loudest(world: World, most: int) -> tuple[int, ...]:
    """Return the dissenters who want to say most on the topic in a day, the loudest first.

    Raises:
        InputError: there are fewer of them.
    """
    import numpy as np

    from sim.state.accounts import DISSENTER

    people = world.accounts
    dissenters = np.flatnonzero(people.cohort == DISSENTER)
    if len(dissenters) < most:
        raise InputError(
            f"{most} rivals are needed, but there are {len(dissenters)} dissenters: say a larger population.size"
        )
    loud = (people.sessions * people.intentions_per_session * people.interest)[dissenters]
    return tuple(dissenters[np.argsort(-loud, kind="stable")][:most].tolist())


def measure_rivals(
    world: World, rivals: tuple[int, ...], ticks: int
) -> tuple[dict[str, NDArray[np.int64]], RivalObserver]:
    """Simulate the world to the end; return posts and impressions of each rival since the start, and the observer."""
    watch = RivalObserver(world, rivals)
    world.observers.append(watch)
    world.run(ticks - world.now)
    return {"posts": world.accounts.voiced[[*rivals]], "impressions": watch.impressions}, watch


class RivalObserver:
    """An observer that counts how much the rivals are heard, and the co-posting that outsiders can see."""

    def __init__(self, world: World, rivals: tuple[int, ...]) -> None:
        import numpy as np

        self.start, self.size = world.setting.campaign.start, len(rivals)
        self.rank = np.full(len(world.role), self.size, np.int64)
        self.rank[[*rivals]] = np.arange(self.size)
        self.impressions = np.zeros(self.size, np.int64)
        self.shared_posts: list[tuple[NDArray[Any], ...]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Count impressions of each rival's content; keep what the hour's posts share."""
        import numpy as np

        if step.tick >= self.start:
            posts, new = step.posts, step.new
            seen = self.rank[posts.original_author[step.seen.item]]
            self.impressions += np.bincount(seen, minlength=self.size + 1)[: self.size]
            columns = (posts.author, posts.template, posts.kind, posts.root, posts.time)
            self.shared_posts.append(tuple(column[new].astype(np.int64) for column in columns))
        return {}

    def measure_visibility(self, world: World) -> dict[str, float]:
        """Return what public columns show of the force: members, posts, shares of them flagged and suspended."""
        import numpy as np

        from sim.state.co_posting import find_co_posters, number_contents

        author, template, kind, root, time = map(np.concatenate, zip(*self.shared_posts, strict=True))
        content = number_contents(kind, root, template)
        alike = content != -1
        flagged = np.zeros(len(world.role), np.bool_)
        flagged[find_co_posters(author[alike], content[alike], time[alike])] = True
        ours = np.arange(len(world.role)) >= world.n_organic
        members, suspended = int(ours.sum()), world.accounts.suspended_until > 0
        return {
            "members": members,
            "written": int(ours[author].sum()),
            "flagged": float(flagged[ours].mean()) if members else 0.0,
            "suspended": float(suspended[ours].mean()) if members else 0.0,
            "flagged_people": int(flagged[~ours].sum()),
        }


if __name__ == "__main__":
    app("contest", main)
