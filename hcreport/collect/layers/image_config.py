"""Reads an image's configuration and history, as archives have them and as an engine prints them.

Anybody may have written them: what is not of the form that it should have is as if it were missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hcreport.contents.image import HistoryEntry, ImageConfig


def read_config(details: Mapping[str, Any]) -> ImageConfig:
    """Return how containers start, from an image's configuration or its inspect reply."""
    config = _mapping(details.get("config") or details.get("Config"))
    return ImageConfig(
        environment=_texts(config.get("Env")),
        entrypoint=_texts(config.get("Entrypoint")),
        command=_texts(config.get("Cmd")),
        user=_text(config.get("User")),
        folder=_text(config.get("WorkingDir")),
        ports=tuple(sorted(_text(port) for port in _mapping(config.get("ExposedPorts")))),
        volumes=tuple(sorted(_text(volume) for volume in _mapping(config.get("Volumes")))),
        labels={
            _text(name): _text(value) for name, value in _mapping(config.get("Labels")).items()
        },
        health_check=dict(_mapping(config.get("Healthcheck"))),
        stop_signal=_text(config.get("StopSignal")),
        shell=_texts(config.get("Shell")),
        architecture=_text(details.get("architecture") or details.get("Architecture")),
        system=_text(details.get("os") or details.get("Os")) or "linux",
    )


def read_history(configuration: Mapping[str, Any]) -> tuple[HistoryEntry, ...]:
    """Return an image's steps, oldest first, from its configuration."""
    steps = configuration.get("history")
    return tuple(
        HistoryEntry(text=_text(step.get("created_by")), empty=step.get("empty_layer") is True)
        for step in (steps if isinstance(steps, list) else ())
        if isinstance(step, dict)
    )


def read_diff_ids(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the digests of an image's layers, oldest first; empty for what is no digest."""
    listed = _mapping(configuration.get("rootfs")).get("diff_ids")
    return tuple(_text(each) for each in listed) if isinstance(listed, list) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in value) if isinstance(value, list) else ()


def _text(value: object) -> str:
    """Return a text that can be written in UTF-8: JSON may hold half of a character."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
