"""How faces come from a data set's files to the network: in which order, and from where."""
