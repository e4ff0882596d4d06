"""Reads the YAML that Compose prints so that every value has the type that Compose gave it.

Compose writes YAML 1.2 through go-yaml. PyYAML reads YAML 1.1, where ``=`` is a special value,
``1:30`` a number and ``1e-07`` a text; so only what go-yaml itself would read is resolved here.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from hcreport.errors import CollectError

_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _ComposeLoader(_Base):  # type: ignore[misc, valid-type]
    """PyYAML's safe loader with the core schema of YAML 1.2 in place of its own resolvers."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own name and form)


def _construct_float(loader: Any, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _construct_integer(loader: Any, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    _ComposeLoader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)
_ComposeLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_ComposeLoader.add_constructor("tag:yaml.org,2002:int", _construct_integer)


def parse_config(output: str) -> dict[str, Any]:
    """Return what ``docker compose config`` printed, with ``$$`` turned back into ``$``.

    Compose doubles every ``$`` of the finished text, keys included, so halving them there is
    exact. Raises CollectError where the text is not a YAML mapping.
    """
    try:
        data = yaml.load(output.replace("$$", "$"), Loader=_ComposeLoader)  # noqa: S506  (it is safe)
    except (yaml.YAMLError, ValueError):
        # The YAML error quotes the text, which holds values that nobody may see: not chained.
        raise CollectError(
            "What Compose printed could not be read as YAML.",
            hint="Try another version of Compose, and report this with its version.",
        ) from None
    if not isinstance(data, dict):
        raise CollectError(
            "Compose printed no project.",
            hint="Try another version of Compose, and report this with its version.",
        )
    return data
