"""Functions for notebooks and scripts; `infowar_lab` exports them."""
