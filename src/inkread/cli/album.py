"""Pictures that a command writes: a folder of drawn pages, and standard input that can be opened again to draw on."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.inputs import InputLimits
    from inkread.parts import PageImage
    from inkread.results import Document, Page

__all__ = ["STDIN", "Album", "Stdin"]

STDIN = "-"


class Stdin(io.BytesIO):
    """Standard input, read when it is first asked for and kept, so that it can be drawn after it was read."""

    name = "<stdin>"

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._is_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._is_read:
            self._is_read = True
            super().write(sys.stdin.buffer.read(self._max_bytes + 1))
            self.seek(0)
        return super().read(size)


class Album:
    """The folder of drawn pages: made and tried at once, so that nothing is read in vain.

    Parameters
    ----------
    folder
        Where they are written.
    kind
        What they are; their names end in it, and so does the message where they cannot be written.

    Raises
    ------
    OutputError
        If nothing can be written there.
    """

    def __init__(self, folder: Path, *, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._names: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except FileExistsError as error:
            raise OutputError(f"{kind} pictures cannot be written into {folder}: it is a file, not a folder") from error
        except OSError as error:
            raise OutputError(f"{kind} pictures cannot be written into {folder}: {error.strerror}") from error

    def add(
        self,
        source: Any,
        document: Document,
        limits: InputLimits,
        draw: Callable[[PageImage, Page], NDArray[np.uint8]],
    ) -> None:
        """Draw every page of ``document``, as ``draw`` does, into the folder."""
        from PIL import Image

        from inkread.inputs import open_source

        if isinstance(source, Stdin):
            source.seek(0)
        for image, page in zip(open_source(source, limits=limits), document.pages, strict=True):
            path = self._folder / self._name(document.source, page.index if len(document.pages) > 1 else None)
            drawn = Image.fromarray(draw(image, page))
            try:
                drawn.save(path, format="PNG")
            except OSError as error:
                raise OutputError(f"{path} cannot be written: {error.strerror}", source=document.source) from error

    def _name(self, source: str, page_index: int | None) -> str:
        """A file name that tells the source and was not given before."""
        last = re.split(r"[/\\]", source.rstrip("/\\"))[-1]
        stem = re.sub(r"[<>:\"|?*\x00-\x1f]", "", Path(last).stem) or "picture"
        if page_index is not None:
            stem += f"-page{page_index + 1}"
        name, count = f"{stem}-{self._kind}.png", 1
        while name in self._names:
            count += 1
            name = f"{stem}-{self._kind}-{count}.png"
        self._names.add(name)
        return name
