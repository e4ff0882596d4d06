"""Names of the Compose files that hcreport writes for a project, and the words that use them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

LIMITS_FILE = "compose.limits.yaml"
"""Sets the suggested memory limits."""

WITHOUT_MODEL_FILE = "compose.without-model.yaml"
"""Starts the project without the services of its local models."""

MODEL_ON_HOST_FILE = "compose.model-on-host.yaml"
"""The same, and the others ask a model that runs on the machine itself."""

ASLEEP_FILE = "compose.asleep.yaml"
"""Starts the project without the services that need not run now."""

COMPOSE_FILES = (LIMITS_FILE, WITHOUT_MODEL_FILE, MODEL_ON_HOST_FILE, ASLEEP_FILE)
"""All of them; each is used together with the project's own files."""


def compose_with(project_files: Iterable[str], *added: str, profiles: Iterable[str] = ()) -> str:
    """Return the command, without its verb, that uses files of ours after the project's own.

    Compose no longer finds the project's files by itself once a file is named, so all are named;
    a project of which none is known gets ``compose.yaml``. ``profiles`` are those to switch on; the
    empty one is on where none is named. Everything is quoted for a shell.
    """
    names = [*(tuple(project_files) or ("compose.yaml",)), *added]
    options = [("-f", name) for name in names] + [("--profile", name) for name in profiles if name]
    return " ".join(["docker compose", *(shlex.join(pair) for pair in options)])
