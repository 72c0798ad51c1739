"""Training: named recipes that lead from data to a network, its card and its curves.

Torch is imported here and in :mod:`inkread.nets` alone.
"""
