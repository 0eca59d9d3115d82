"""Data of others, brought into the canonical tables: a reader a format, duplicates and gaps counted."""
