"""Army against committee: what equal budgets do to one or many rivals, and how visible each organisation is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.experiment import Experiment, Given, start
from experiments.keys import FieldsOf, ListOf, Number, Word, key, whole
from sim.campaigns import OPERATIONS
from sim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
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
    asked: Contest


@dataclass(frozen=True, kw_only=True)
class Contest(Experiment):
    """What equal budgets do to one or many rivals."""

    place = "contest"
    budget: float = key(Number(0, open="low"), unit="a soldier's month", source="assumption")
    breadths: tuple[int, ...] = key(ListOf(whole(1), 1, rising=True, example="[1,2,4]"), unit="rivals")
    tactics: tuple[str, ...] = key(ListOf(Word(OPERATIONS), 1, example="[abuse]"))
    brigade: dict[str, Any] = key(FieldsOf("sim.actors.committee.Brigade"), source="sim.actors.committee.Brigade")
    committee: dict[str, Any] = key(FieldsOf("sim.actors.committee.Committee"), source="sim.actors.committee.Committee")

    def make_jobs(self, given: Given) -> list[ContestJob]:
        """Return a job a seed; what cannot be built is said now."""
        campaign = given.setting.campaign
        if given.ticks <= campaign.start:
            raise InputError(f"ticks={given.ticks} ends before the operations begin: say ticks={campaign.end} or more")
        jobs = [ContestJob(given.setting, seed, given.ticks, self) for seed in given.seeds]
        for _, _, forces in make_organisations(jobs[0], (0,) * max(self.breadths)):
            replace(given.setting, forces=(*given.setting.forces, *forces))
        return jobs

    @staticmethod
    def simulate(job: ContestJob) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Simulate one seed: no organisation, then each; return a row for each of them and breadth, and graph notes."""
        from sim.world import World

        base, breadths = World(job.setting, rng=job.seed), job.asked.breadths
        rivals = find_loudest(base, max(breadths))
        before, _ = measure_rivals(base, rivals, job.ticks)
        rows = []
        for organisation, breadth, forces in make_organisations(job, rivals):
            world = World(replace(job.setting, forces=(*job.setting.forces, *forces)), rng=job.seed)
            after, watch = measure_rivals(world, rivals, job.ticks)
            shown = watch.measure_visibility(world)
            for wide in breadths if organisation == COMMITTEE else (breadth,):
                lost = {name: int((before[name] - after[name])[:wide].sum()) for name in after}
                had = {f"{name}_before": int(before[name][:wide].sum()) for name in after}
                rows.append({"seed": job.seed, "organisation": organisation, "breadth": wide, **lost, **had, **shown})
        return rows, base.notes

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return a row a seed, organisation and breadth, and the curves."""
        import pandas as pd

        from experiments.analysis.contests import summarise_curves

        table = pd.DataFrame([row for rows, _ in results for row in rows])
        return {"contest": table, "curves": summarise_curves(table)}


def make_organisations(job: ContestJob, rivals: tuple[int, ...]) -> Iterator[tuple[str, int, tuple[Force, ...]]]:
    """Yield each organisation against the first `breadth` of the rivals: its name, the breadth, its forces.

    One committee takes the first of them whatever the breadth, so it is yielded once, at the least.
    """
    from sim.actors.committee import Brigade, Committee

    asked = job.asked
    for breadth in asked.breadths:
        yield ARMY, breadth, (Brigade(**asked.brigade, **make_contract(job, asked.budget, rivals[:breadth])),)
        each = (
            Committee(
                **asked.committee,
                name=f"committee {n}",
                **make_contract(job, asked.budget / breadth, rivals[n : n + 1]),
            )
            for n in range(breadth)
        )
        if breadth == asked.breadths[0]:
            yield COMMITTEE, breadth, (Committee(**asked.committee, **make_contract(job, asked.budget, rivals[:1])),)
        yield COMMITTEES, breadth, tuple(each)


def make_contract(job: ContestJob, budget: float, victims: tuple[int, ...]) -> dict[str, Any]:
    """Return principal and operations of a force for this part of the budget."""
    from sim.campaigns import Operation, Principal

    campaign = job.setting.campaign
    operations = tuple(
        Operation(tactic=tactic, victims=victims, start=campaign.start, hours=campaign.hours)
        for tactic in job.asked.tactics
    )
    return {"principal": Principal(kind=campaign.principal, budget=budget), "operations": operations}


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
    start(Contest)
