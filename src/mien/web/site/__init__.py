"""The page with an engine of its own: what a browser needs to read faces without a server."""
