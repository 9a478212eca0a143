"""What other programs read: a small file for each format, and one table of them all.

They stand here, above `mien.sinks`, because they are made of intervals, which only are known when a
recording has ended; `mien.recordings.sink` lets a run write them directly.
"""
