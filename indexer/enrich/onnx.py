"""The user's own models, in ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.errors import UsageError


def open_model(file: Path) -> Any:
    """An inference session on one core, a worker's share. Raises UsageError if onnxruntime is missing or the file is
    not a usable model."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(f"{file} needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base class
        raise UsageError(f"{file} is not a usable model: {error}") from error
