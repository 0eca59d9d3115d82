"""What a notebook or a script calls; `infowar_lab` offers it under one name."""
