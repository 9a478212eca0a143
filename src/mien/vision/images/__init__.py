"""Decoding and encoding of pictures of every format."""
