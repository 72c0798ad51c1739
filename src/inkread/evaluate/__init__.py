"""Measuring how well inkread reads: digits, lines and pages, on data sets and on labeled pictures.

``metrics`` holds the figures and touches nothing but numbers; ``digits``, ``lines`` and ``pages`` run a reader and
count; ``perturb`` makes a picture harder in a known way; ``report`` writes the figures down and ``gallery`` shows the
misses.
Nothing here trains, tunes or chooses: a threshold comes from a model's card or from the caller.
"""
