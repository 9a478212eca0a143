"""The page for devices on the local network."""
