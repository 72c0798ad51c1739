"""Results in other forms: an annotated picture, tables, JSON, ALTO and hOCR.

Every function here takes finished results and gives back pixels, rows or text. Nothing is read, recognized or decided
here, and only :func:`inkread.export.tables.write_csv` writes, into a stream that the caller opened.
"""
