"""The programs that may be named in a snapshot's layers, with the verbs that say what they did."""

from __future__ import annotations

from types import MappingProxyType

_APT = frozenset(
    {"autoremove", "clean", "dist-upgrade", "install", "purge", "remove", "update", "upgrade"}
)
_DNF = frozenset({"autoremove", "clean", "groupinstall", "install", "remove", "update", "upgrade"})
_PIP = frozenset({"download", "install", "uninstall", "wheel"})
_NODE = frozenset({"add", "build", "cache", "ci", "install", "prune", "run"})
_CONDA = frozenset({"clean", "create", "env", "install", "update"})
_NOTHING: frozenset[str] = frozenset()

PROGRAMS = MappingProxyType(
    {
        "apt": _APT,
        "apt-get": _APT,
        "apk": frozenset({"add", "del", "fix", "update", "upgrade"}),
        "dnf": _DNF,
        "microdnf": _DNF,
        "yum": _DNF,
        "zypper": _DNF,
        "pacman": _NOTHING,
        "dpkg": _NOTHING,
        "pip": _PIP,
        "pipenv": frozenset({"install", "sync"}),
        "poetry": frozenset({"build", "install"}),
        "uv": frozenset({"build", "pip", "sync", "tool", "venv"}),
        "conda": _CONDA,
        "mamba": _CONDA,
        "micromamba": _CONDA,
        "npm": _NODE,
        "pnpm": _NODE,
        "yarn": _NODE,
        "bun": _NODE,
        "npx": _NOTHING,
        "playwright": frozenset({"install", "install-deps"}),
        "go": frozenset({"build", "get", "install", "mod"}),
        "cargo": frozenset({"build", "install"}),
        "rustup": _NOTHING,
        "mvn": frozenset({"install", "package"}),
        "gradle": frozenset({"assemble", "build"}),
        "gradlew": frozenset({"assemble", "build"}),
        "dotnet": frozenset({"build", "publish", "restore"}),
        "composer": frozenset({"install", "require", "update"}),
        "bundle": frozenset({"install"}),
        "gem": frozenset({"install"}),
        "cmake": _NOTHING,
        "make": _NOTHING,
        "ninja": _NOTHING,
        "gcc": _NOTHING,
        "git": frozenset({"clone", "fetch", "pull", "submodule"}),
        "curl": _NOTHING,
        "wget": _NOTHING,
        "tar": _NOTHING,
        "unzip": _NOTHING,
        "rm": _NOTHING,
        "cp": _NOTHING,
        "mv": _NOTHING,
        "chmod": _NOTHING,
        "chown": _NOTHING,
        "chgrp": _NOTHING,
        "useradd": _NOTHING,
        "adduser": _NOTHING,
        "groupadd": _NOTHING,
        "addgroup": _NOTHING,
        "ollama": frozenset({"create", "pull"}),
        "huggingface-cli": frozenset({"download"}),
        "hf": frozenset({"download"}),
    }
)
"""Verbs by program. One without verbs is named alone, any other only with one of its verbs."""
