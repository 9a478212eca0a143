"""Training of networks that read faces."""
