"""From a data set to a bundle. Needs the `[train]` extra."""
