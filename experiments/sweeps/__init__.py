"""Thousands of runs from one design: points, the plan, an engine that survives its workers, and the store."""
