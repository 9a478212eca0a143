"""Bundles on a hub of models: fetched and published where somebody says so, never by themselves."""
