"""Mechanisms: what a world may have or lack, one file each; see `sim.mechanisms.base`."""
