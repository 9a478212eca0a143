"""An evaluation as one page: in plain words first, then with every figure.

For two readers: one who wants to know how far to trust a model, and one who wants to check it. The
page is a single file that loads nothing, runs nothing, prints well and works with screen readers.
"""

from mien.evaluation.page.document import html_report

__all__ = ["html_report"]
