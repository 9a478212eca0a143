"""A face detector of our own: teachers label pictures, scenes are made of these."""
