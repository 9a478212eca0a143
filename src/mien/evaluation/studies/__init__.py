"""What is asked of a bundle beside its figures."""
