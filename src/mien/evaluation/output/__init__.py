"""What an evaluation leaves: a folder, a record in the bundle, the features of faces."""
