"""From labelled pictures to a data set of Parquet shards, and back."""
