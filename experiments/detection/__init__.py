"""Who is organised? Detectors that see what a platform shows, and how well they do."""
