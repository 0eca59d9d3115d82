"""What other programs read. Each format writes one folder or file from what a platform shows, and decides nothing."""
