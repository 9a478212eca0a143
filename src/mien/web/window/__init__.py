"""A window of the page's own: a browser without bars, which lives as long as mien."""
