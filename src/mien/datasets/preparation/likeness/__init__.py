"""How alike two pictures are, from small views of both."""
