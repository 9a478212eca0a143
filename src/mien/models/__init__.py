"""What reads a face: bundles, and what runs them."""
