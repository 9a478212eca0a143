"""What a table of readings says: who was seen when, with which look, for how long."""
