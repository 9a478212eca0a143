"""How good a bundle is, measured through the same classifier that runs live."""
