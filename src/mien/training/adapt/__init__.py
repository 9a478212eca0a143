"""Learns from a few pictures: a new last layer on the features of a model that is there."""
