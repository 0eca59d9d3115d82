"""Play what the pages of results rest on, record it in docs/results/, and write the pages from the records alone."""
