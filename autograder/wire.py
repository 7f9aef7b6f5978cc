"""Arrays and plain values across a process boundary, as JSON and nothing else.

What comes back from a submission is untrusted: :func:`decode` builds only plain arrays of a few dtypes and
JSON's own values, never more bytes than were sent, and never runs code of the sender (no pickle).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np

__all__ = ["MIME", "WireError", "decode", "dumps", "encode", "loads"]

MIME = "application/vnd.i2dl.answer+json"
"""The type of the display message in which a kernel answers the referee."""

DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64"}
)
MAX_BYTES = 64 * 2**20
MAX_DEPTH = 8
MAX_ITEMS = 200_000


class WireError(ValueError):
    """What came over the wire is not in the agreed form."""


def encode(value: Any) -> Any:
    """Return ``value`` in JSON's terms; arrays become ``{"array": base64, "dtype": ..., "shape": ...}``."""
    if isinstance(value, np.ndarray):
        data = np.asarray(value)
        if data.dtype.name not in DTYPES:
            msg = f"an array of dtype {data.dtype} cannot be sent"
            raise WireError(msg)
        data = data.astype(data.dtype.newbyteorder("="), order="C", copy=False)
        return {
            "array": base64.b64encode(data.tobytes()).decode("ascii"),
            "dtype": data.dtype.name,
            "shape": list(data.shape),
        }
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {"dict": {str(k): encode(v) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    msg = f"a value of type {type(value).__name__} cannot be sent"
    raise WireError(msg)


def decode(message: Any, depth: int = 0) -> Any:
    """Return what :func:`encode` was given (tuples come back as lists); anything else is a WireError."""
    if depth > MAX_DEPTH:
        msg = f"a value nested deeper than {MAX_DEPTH} levels"
        raise WireError(msg)
    if isinstance(message, str):
        # Half a surrogate pair is legal JSON, and no text: it could not be written to a file.
        return message.encode("utf-8", "replace").decode()
    if message is None or isinstance(message, (bool, int, float)):
        return message
    if isinstance(message, list):
        return [decode(m, depth + 1) for m in message]
    if isinstance(message, dict):
        match message:
            case {"array": str(data), "dtype": str(dtype), "shape": list(shape), **rest} if not rest:
                return _array(data, dtype, shape)
            case {"number": "nan" | "inf" | "-inf" as text, **rest} if not rest:
                return float(text)
            case {"dict": dict(items), **rest} if not rest:
                return {decode(k): decode(v, depth + 1) for k, v in items.items()}
    msg = f"a value that is not in the agreed form: {type(message).__name__}"
    raise WireError(msg)


def _array(data: str, dtype: str, shape: list[Any]) -> np.ndarray:
    if dtype not in DTYPES or not all(type(n) is int and 0 <= n < 2**31 for n in shape) or len(shape) > 16:
        msg = f"an array of dtype {dtype[:20]!r} and shape {str(shape)[:60]} cannot be received"
        raise WireError(msg)
    try:
        raw = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        msg = "an array whose bytes are not base64"
        raise WireError(msg) from error
    if len(raw) != math.prod(shape) * np.dtype(dtype).itemsize:
        msg = f"an array of shape {str(shape)[:60]} and dtype {dtype} that came with {len(raw)} bytes"
        raise WireError(msg)
    try:
        # A copy: the bytes object's own memory is read-only.
        return np.frombuffer(raw, dtype=dtype).reshape(shape).copy()
    except ValueError as error:
        msg = f"an array of shape {str(shape)[:60]}, which NumPy cannot hold"
        raise WireError(msg) from error


def dumps(value: Any) -> str:
    """Return ``value`` as a line of JSON."""
    return json.dumps(encode(value), separators=(",", ":"), allow_nan=False)


def loads(text: str) -> Any:
    """Return what :func:`dumps` was given.

    Raises
    ------
    WireError
        If ``text`` is anything that :func:`dumps` does not write.
    """
    if not isinstance(text, str):
        msg = f"an answer that is not text but {type(text).__name__}"
        raise WireError(msg)
    if len(text) > MAX_BYTES:
        msg = f"an answer of {len(text) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are read"
        raise WireError(msg)
    # Each item of a list costs many times its two bytes of text; arrays come as one string.
    if text.count(",") + text.count("[") + text.count("{") > MAX_ITEMS:
        msg = f"an answer of more than {MAX_ITEMS} single values"
        raise WireError(msg)
    try:
        return decode(json.loads(text, parse_constant=_refuse_constant))
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        msg = "an answer that is not JSON"
        raise WireError(msg) from error


def _refuse_constant(name: str) -> Any:
    msg = f"the number {name}, which JSON does not have"
    raise WireError(msg)
