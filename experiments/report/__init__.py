"""Reports: they read result files only, never the engine."""

from experiments.report import terminal
from experiments.report.suppression import write

__all__ = ["terminal", "write"]
