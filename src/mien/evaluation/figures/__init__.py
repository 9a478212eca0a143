"""From answers to figures, each with its interval, and what they are called."""
