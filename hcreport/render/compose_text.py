"""Writes Compose files that Compose reads as they are meant, whatever names stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import yaml

from hcreport.render.escape import one_line

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./:-]*(?<!:)")
"""Text that stays without quotes, unless YAML gives the word a meaning."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


class Replacing(list[str]):
    """A list that takes the place of an earlier file's, instead of being joined to it."""


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some version of YAML could read as something else."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write equal parts again: an alias says nothing to a reader."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


def _replacing(dumper: yaml.SafeDumper, value: Replacing) -> yaml.Node:
    return dumper.represent_sequence("!override", value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Replacing, _replacing)


def compose_text(head: Iterable[str], services: Mapping[str, object]) -> str:
    """Return a Compose file of services, in their order, with comments above them.

    Each line of ``head`` becomes one line, so that no name in it can end the comment.
    """
    comments = "".join(f"# {one_line(line)}".rstrip() + "\n" for line in head)
    body: str = yaml.dump(
        {"services": dict(services)},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=False,
        width=100,
    )
    return f"{comments}{body}"
