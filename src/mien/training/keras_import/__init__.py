"""From a Keras model that a user brings along to a bundle."""
