"""Programs that make files of this repository: run them from its root."""
