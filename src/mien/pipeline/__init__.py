"""The live path: frame in, readings out, and the loop that drives it."""
