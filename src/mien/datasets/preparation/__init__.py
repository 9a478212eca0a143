"""What `mien prepare` does: decode, compare, deal out to splits, write."""
