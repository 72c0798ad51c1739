"""Every error that inkread raises on purpose.

The tree::

    InkreadError
    ├── InvalidOption        a value or a combination that the caller chose cannot be used
    ├── SourceError          something is wrong with one picture or document
    │   ├── SourceNotFound       there is nothing at that path or address
    │   ├── SourceUnreadable     it is there, but it may not be read (permission, network)
    │   ├── UnsupportedSource    it is not a picture or document of a kind that is taken
    │   ├── CorruptSource        it is of a known kind, but empty, truncated or damaged
    │   ├── EncryptedSource      it is locked with a password
    │   ├── SourceTooLarge       it has more bytes, pixels or pages than the limits allow
    │   └── InvalidArray         an array of the wrong shape, type or range
    ├── MissingExtra         an optional dependency is not installed
    ├── OutputError          a result cannot be written where it was asked for
    ├── DataError            a data set is missing, damaged or not what its card says
    │   └── DownloadError        a file could not be fetched whole
    └── ModelError           a model is unknown, or its file or card cannot be used

Each class knows the exit code of the command and the status of the HTTP answer that stand for it; the class name is
the stable code of both. This module does nothing else.
"""

__all__ = [
    "CorruptSource",
    "DataError",
    "DownloadError",
    "EncryptedSource",
    "InkreadError",
    "InvalidArray",
    "InvalidOption",
    "MissingExtra",
    "ModelError",
    "OutputError",
    "SourceError",
    "SourceNotFound",
    "SourceTooLarge",
    "SourceUnreadable",
    "UnsupportedSource",
]


class InkreadError(Exception):
    """The root of the tree: catching it catches everything that inkread raises on purpose.

    Parameters
    ----------
    message
        What happened, the value seen, and what to do about it.
    source
        The name of the picture or document that it happened to, where there is one.
    """

    exit_code: int = 1
    http_status: int = 500

    def __init__(self, message: str, *, source: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process, which pickles what was raised."""
        return _rebuild, (type(self), self.message, self.source)

    @property
    def code(self) -> str:
        """The stable code of this error: the name of its class."""
        return type(self).__name__

    def to_dict(self) -> dict[str, str | None]:
        """The error as plain data: ``{"code", "message", "source"}``."""
        return {"code": self.code, "message": self.message, "source": self.source}


def _rebuild(kind: type[InkreadError], message: str, source: str | None) -> InkreadError:
    return kind(message, source=source)


class InvalidOption(InkreadError, ValueError):
    """A value or a combination that the caller chose cannot be used."""

    exit_code = 2
    http_status = 422


class SourceError(InkreadError):
    """Something is wrong with one picture or document."""

    http_status = 400


class SourceNotFound(SourceError, FileNotFoundError):
    """There is nothing at that path or address."""

    http_status = 404


class SourceUnreadable(SourceError):
    """It is there, but it may not or cannot be read (permission, network)."""

    http_status = 403


class UnsupportedSource(SourceError):
    """It is not a picture or document of a kind that is taken."""

    http_status = 415


class CorruptSource(SourceError):
    """It is of a known kind, but empty, truncated or damaged."""

    http_status = 422


class EncryptedSource(SourceError):
    """It is locked with a password."""

    http_status = 422


class SourceTooLarge(SourceError):
    """It has more bytes, pixels or pages than the limits allow."""

    http_status = 413


class InvalidArray(SourceError, ValueError):
    """An array of the wrong shape, type or range."""

    http_status = 422


class MissingExtra(InkreadError, ImportError):
    """An optional dependency is not installed; the message holds the line that installs it."""

    http_status = 501

    @classmethod
    def of(cls, extra: str, purpose: str) -> "MissingExtra":
        """The error that asks for ``extra``, needed for ``purpose``."""
        return cls(f"{purpose} needs the extra '{extra}': pip install 'inkread[{extra}]'")


class OutputError(InkreadError, OSError):
    """A result cannot be written where it was asked for."""


class DataError(InkreadError):
    """A data set is missing, damaged or not what its card says."""

    http_status = 404


class DownloadError(DataError):
    """A file could not be fetched whole."""

    http_status = 502


class ModelError(InkreadError):
    """A model is unknown, or its file or card cannot be used."""
