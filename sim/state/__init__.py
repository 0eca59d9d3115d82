"""State: columns over accounts, graph and posts; the truth apart; the values passed between phases."""
