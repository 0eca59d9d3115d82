"""Parameters of people and platform fitted to moments, with what remains uncertain."""
