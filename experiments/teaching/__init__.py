"""Visualisation of worlds: films of runs, pages that play them, and lessons."""
