"""A Keras model becomes a bundle."""
