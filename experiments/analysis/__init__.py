"""What the runs say: pure functions from data frames to data frames."""

from experiments.analysis.analysis import Analysis, analyse
from experiments.analysis.arms import EFFORTS, arm_name, arms, under_both_efforts
from experiments.analysis.losses import IdentityError
from experiments.analysis.summary import MEASURES, summarise

__all__ = [
    "EFFORTS",
    "MEASURES",
    "Analysis",
    "IdentityError",
    "analyse",
    "arm_name",
    "arms",
    "summarise",
    "under_both_efforts",
]
