"""Worlds to be looked at: films of runs, pages that play them, and lessons."""
