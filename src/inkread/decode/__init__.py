"""Scores → text: which candidates are digits, how sure that is, and which digits make one number."""
