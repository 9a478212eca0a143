"""Damaged input for every parser of what others made: `make fuzz`, or `python -m fuzz`.

A parser may accept an input or refuse it with one of `mien.errors`; whatever else it raises, a
process that dies and one that does not come back are faults. Inputs are made of small good files by
chance, and the chance is given by a seed, the parser's name and the input's number: the same three
give the same input.
"""
