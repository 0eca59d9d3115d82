"""Defences: rules of a platform against floods and abuse; see `sim.platform.defences.base`."""
