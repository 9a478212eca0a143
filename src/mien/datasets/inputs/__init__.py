"""What labelled pictures come from: folders, archives, prepared data sets, mixes."""
