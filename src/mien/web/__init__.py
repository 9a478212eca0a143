"""The local web page: a door, which computes nothing itself."""
