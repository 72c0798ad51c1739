"""The server: HTTP, sockets for video, accounts, and the page that uses them.

It reads nothing itself: :mod:`inkread.reader` reads, and answers are ``document.to_dict()``. Everything here needs the
extra ``serve``; importing this package alone loads nothing of it.
"""
