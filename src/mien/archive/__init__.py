"""Many files, or many pictures, as parts: engines hand them out, and a part appears whole.

The file (or a slice of files) is the unit of work. A part is written whole or not at all, under a
digest of all that it came from, so that a run can be killed, gone on with and spread; engines only
hand out parts.
"""
