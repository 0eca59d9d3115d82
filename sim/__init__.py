"""An agent-based laboratory of information warfare: paired worlds with and without an operation."""
