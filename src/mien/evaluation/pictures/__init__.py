"""Labelled pictures go by once: where they come from, who looks on, what the bundle answers."""
