"""Models in ONNX that the user put into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.errors import UsageError


def open_model(file: Path) -> Any:
    """An inference session on one core, which is what a worker has. Raises UsageError."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(f"{file} needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common ancestor
        raise UsageError(f"{file} is no model that can be run: {error}") from error
