"""The report of a study: one page, and figures for a spreadsheet."""
