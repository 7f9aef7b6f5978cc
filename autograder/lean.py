"""Imported before anything else of a run, this keeps out of it what costs a second and serves nobody.

``jsonschema``, which ``nbformat`` needs, can check that texts are IRIs. For that it reads a grammar whenever it is
imported, which takes longer than all other imports of a run together; notebooks have no IRIs to check.
"""

from __future__ import annotations

import sys

__all__: list[str] = []

# As if the package were not installed, which jsonschema is prepared for.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
