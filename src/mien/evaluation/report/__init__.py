"""The report of an evaluation: a page, plots, and the tables of a card."""
