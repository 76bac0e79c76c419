"""Programs of Node.js among the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ENVIRONMENT = {
    **os.environ,
    # Node.js may be a package in the same environment as this Python.
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "SCARF_ANALYTICS": "false",
    "NO_COLOR": "1",
}
