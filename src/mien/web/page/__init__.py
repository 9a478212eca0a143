"""What the page is made of: its files, and those made from what Python reads, too."""
