"""How a bundle reads corrupted faces."""
