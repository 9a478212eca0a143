"""Pictures in, readings out: what `mien serve` answers, for programs."""
