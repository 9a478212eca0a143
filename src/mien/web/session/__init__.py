"""One page's connection: what it is shown, what it sends, and how fast that is read."""
