"""Harm: effects of moderation and defences on genuine people, by camp, and on organised accounts."""

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import Observer, StepRecord
from sim.state.accounts import COHORTS
from sim.state.posts import TOXIC_THRESHOLD
from sim.state.truth import GENUINE, ORGANIC

GROUPS = (*COHORTS, "volunteer", "organised")  #: ordinary people by cohort, other genuine accounts, the rest
HITS = ("rejected", "removed", "demoted", "uncounted", "suspensions", "blocked")


class Harm:
    """Counts effects on civil posts and on accounts; action against abuse by ordinary people counts as no harm."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return `HIT_WHOM` for all of `HITS` and `GROUPS`, and `prompts` and `suspensions`.

        rejected: not posted; removed: taken down; demoted: ranked lower when new; uncounted: not counted for trends;
        suspensions: accounts suspended; blocked: distinct accounts newly on a block list. Posts of organised accounts
        always count, those of others only if they are civil.
        """
        whom = _classify_accounts(step)
        posts, effects, removals = step.posts, step.defence_effects, step.removals
        hits = {
            "rejected": (effects.rejected.author, effects.rejected.toxicity),
            **{
                name: (posts.author[rows], posts.toxicity[rows])
                for name, rows in (
                    ("removed", removals.posts),
                    ("demoted", effects.demoted),
                    ("uncounted", effects.uncounted),
                )
            },
        }
        organised = len(GROUPS) - 1
        counts = {
            name: _count(whom[author][(toxicity < TOXIC_THRESHOLD) | (whom[author] == organised)])
            for name, (author, toxicity) in hits.items()
        }
        counts |= {
            "suspensions": _count(whom[removals.accounts]),
            "blocked": _count(whom[np.unique(effects.blocks.whom)]),
        }
        row: dict[str, float] = {
            f"{name}_{GROUPS[code]}": int(count) for name, found in counts.items() for code, count in enumerate(found)
        }
        return row | {"prompts": effects.prompts_shown, "suspensions": len(removals.accounts)}


def ensure_harm(observers: list[Observer]) -> None:
    """Add `Harm` to the observers unless it is there, so that a world without a defence counts harm too."""
    if not any(isinstance(observer, Harm) for observer in observers):
        observers.append(Harm())


def _classify_accounts(record: StepRecord) -> NDArray[np.int64]:
    """Return the index in `GROUPS` of each account, int64 [A]."""
    role, whom = record.truth.role, record.accounts.cohort.astype(np.int64)
    whom[role != ORGANIC] = np.where(np.isin(role[role != ORGANIC], GENUINE), len(COHORTS), len(COHORTS) + 1)
    return whom


def _count(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(codes, minlength=len(GROUPS))
