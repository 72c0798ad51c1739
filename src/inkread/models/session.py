"""The only place that imports onnxruntime: a network ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError
from inkread.models.registry import ModelCard

__all__ = ["Session"]


class Session:
    """One loaded network. Safe to share between threads.

    Parameters
    ----------
    card
        Which network.
    threads
        Cores that one run may use, at least 1. With several workers take 1 for each.

    Attributes
    ----------
    outputs
        The names of what it can give.
    """

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        import onnxruntime

        self.card = card
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A spinning pool burns a core between pages, and nothing here is quick enough to miss it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                card.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except ModelError:
            raise
        except Exception as error:  # onnxruntime's own errors have no common class below Exception
            raise ModelError(f"{card.path} cannot be loaded as a network: {error}") from error
        self.outputs = frozenset(entry.name for entry in self._session.get_outputs())

    def run(self, outputs: list[str], inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[Any]]:
        """The named outputs for the named inputs."""
        return [np.asarray(value) for value in self._session.run(outputs, dict(inputs))]
