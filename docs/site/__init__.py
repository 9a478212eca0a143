"""The documentation site: `python -m docs.site` makes its pages of docs/*.md and of the code."""
