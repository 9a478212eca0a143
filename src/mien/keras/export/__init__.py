"""A bundle becomes a Keras model, for who goes on in Keras."""
