"""Reports: they read result files only, never the engine."""
