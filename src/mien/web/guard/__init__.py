"""Who may connect, how often, and how much: what stands before every page."""
