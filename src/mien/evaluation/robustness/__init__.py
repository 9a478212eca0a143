"""How a bundle reads faces that were made worse."""
