"""Comparing ways to read a digit: algorithms of the textbook and networks, on one split and one preparation.

``split`` holds the digits, prepared as reading prepares them; ``representations`` says what an algorithm sees of them;
``classic`` and ``networks`` train; ``algorithms`` is the list of all that are compared; ``running`` trains and measures
each in a process of its own, and goes on where it was stopped; ``outputs`` writes what was measured; ``across`` trains
on every mix of data sets and reads every set. Nothing here reads a page, and nothing here is needed to read.
"""
