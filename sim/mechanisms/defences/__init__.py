"""Defences: rules of a platform against floods and abuse; see `sim.mechanisms.defences.base`."""
