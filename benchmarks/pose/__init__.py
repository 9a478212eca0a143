"""What the head's angles err by."""
