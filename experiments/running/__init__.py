"""How jobs are played: engines that survive their workers, on one machine or many, and results that survive a crash."""
