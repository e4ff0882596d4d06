"""What the groups of bytes in an image are called, on pages and on a terminal."""

from __future__ import annotations

from types import MappingProxyType

from hcreport.model import Group

GROUPS: MappingProxyType[Group, str] = MappingProxyType(
    {
        "os-packages": "Packages of the operating system",
        "language-runtimes": "Language runtimes",
        "python-packages": "Python packages",
        "node-packages": "Node packages",
        "other-packages": "Packages of other languages",
        "package-caches": "Caches of package managers",
        "build-tools": "Build tools and headers",
        "static-libraries": "Static libraries",
        "bytecode": "Compiled Python files",
        "documentation": "Documentation and languages",
        "version-control": "Version history",
        "tests": "Tests",
        "logs-and-temporary-files": "Logs and temporary files",
        "model-weights": "Model weights",
        "datasets-and-archives": "Data and archives",
        "copied-environments": "Environments copied in",
        "cuda": "CUDA and what belongs to it",
        "application": "The application itself",
        "unexplained": "Not explained",
    }
)
"""What a group of bytes is called."""
