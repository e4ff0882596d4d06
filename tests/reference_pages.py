"""Writes the reference pages: keys of ``hcreport.yml`` and of a snapshot, inputs of our action.

``docs/configuration-keys.md`` and ``docs/snapshot-keys.md`` have a table for each type. What a key
means is the docstring under it, or that of the type it holds. ``docs/action.md`` comes from the
action's own file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hcreport.config import Config
from hcreport.model.record import described
from hcreport.snapshot import json_schema
from tests.generated import ROOT

Schema = Mapping[str, Any]

CONFIGURATION = ROOT / "docs" / "configuration-keys.md"
SNAPSHOT = ROOT / "docs" / "snapshot-keys.md"
ACTION = ROOT / "docs" / "action.md"

_HEADS = {
    CONFIGURATION: """\
---
description: Every key of hcreport.yml and of its parts, made from the program's own types.
---
# Keys of hcreport.yml

Every key is optional where no other default stands here, and an unknown key is an error.
A size may be written as Docker writes it, or as a number of bytes.
[Configuration](guide/configuration.md) has an example, and says when each key takes effect.
""",
    SNAPSHOT: """\
---
description: Every key of a snapshot and of its parts, made from the program's own types.
---
# Keys of a snapshot

All sizes are bytes, and all times are UTC.
*None* in a meaning says that the key is left out.
[Snapshot format](guide/snapshot-format.md) says how gaps and origins are written.
For programs there is [the same as a JSON Schema](schema/snapshot.schema.json).
""",
    ACTION: """\
---
description: Every input and output of our action for GitHub, made from the action's own file.
---
# Action for GitHub

[Checking in CI](guide/ci.md#on-github) has a workflow that uses it.
Every input is optional, and every input is a text: write `"true"` in quotation marks.
""",
}

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "nothing",
}
_FORMATS = {"date": "day", "date-time": "time"}

# What a key of hcreport.yml means whose type has no sentence about it.
_MEANINGS = {
    ("PlannedModel", "name"): "Its tag, or a name of your choice where it has none.",
    ("PlannedModel", "service"): "The service that serves it.",
    ("PlannedModel", "context_length"): "Tokens of context that you plan for each slot.",
    ("Price", "name"): "What the provider calls it.",
    ("PriceTable", "input_tokens_per_month"): "Tokens that you send in a month.",
    ("PriceTable", "output_tokens_per_month"): "Tokens that come back in a month.",
    ("Scenario", "name"): "Its name on the pages and for commands.",
    ("Scenario", "description"): "One sentence about it.",
    ("Scenario", "services"): "Services that run in it.",
    ("Scenario", "models"): "Local models that are loaded at the same time.",
    ("Scenario", "awake"): "How many of its group run at a time.",
    ("SleepGroup", "name"): "Its name on the pages.",
    ("SleepGroup", "services"): "The services of which only some need to run.",
    ("Suppression", "rule"): "The rule's name, as `hcreport rules` lists it.",
    ("Suppression", "subject"): "The service, container, image, volume or model; without it all.",
}

# What collecting finds out about a model stands in the same type, and no file may set it.
_FOUND = {
    "PlannedModel": {"fact", "shape", "shape_from", "settings", "file", "loaded", "location"},
}


def files() -> dict[Path, str]:
    """Return the text of each page."""
    return {
        CONFIGURATION: _HEADS[CONFIGURATION] + _tables(described(Config)),
        SNAPSHOT: _HEADS[SNAPSHOT] + _tables(json_schema()),
        ACTION: _HEADS[ACTION] + _action(),
    }


def _action() -> str:
    """Return the tables of what the action takes and gives."""
    path = ROOT / ".github/actions/hcreport/action.yml"
    action = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = ["", "## Inputs", "", "| Input | Default | Meaning |", "| --- | --- | --- |"]
    for name, each in action["inputs"].items():
        default = f"`{each['default']}`" if each.get("default") else ""
        lines.append(f"| `{name}` | {default} | {_plain(each['description'])} |")
    lines += ["", "## Outputs", "", "| Output | Meaning |", "| --- | --- |"]
    for name, each in action["outputs"].items():
        lines.append(f"| `{name}` | {_plain(each['description'])} |")
    return "\n".join(lines) + "\n"


def _tables(schema: Schema) -> str:
    """Return a table for the type itself, and one for each type that it leads to."""
    parts: dict[str, Schema] = schema.get("$defs", {})
    reached = list(dict.fromkeys(_reached("", schema, parts)))
    lines: list[str] = []
    for name in ("", *sorted(reached)):
        part = parts[name] if name else schema
        lines += ["", f"## {_title(name)}" if name else "## Top level", ""]
        lines += [_plain(part["description"]), ""] if name else []
        lines += ["| Key | Holds | Default | Meaning |", "| --- | --- | --- | --- |"]
        lines += _rows(name, part, parts)
    return "\n".join(lines) + "\n"


def _reached(name: str, part: Schema, parts: Mapping[str, Schema]) -> Iterator[str]:
    """Yield the names of the types that a type leads to, each before those that it leads to."""
    for key, field in part["properties"].items():
        if key in _FOUND.get(name, ()):
            continue
        for found in re.findall(r"'#/\$defs/(\w+)'", repr(field)):
            if "properties" in parts[found]:
                yield found
                yield from _reached(found, parts[found], parts)


def _rows(name: str, part: Schema, parts: Mapping[str, Schema]) -> Iterator[str]:
    needed = part.get("required", ())
    for key, field in part["properties"].items():
        if key not in _FOUND.get(name, ()):
            default = "needed" if key in needed else _default(field)
            meaning = (
                _MEANINGS.get((name, key)) or field.get("description") or _of_its_type(field, parts)
            )
            yield f"| `{key}` | {_holds(field, parts)} | {default} | {_plain(meaning)} |"


def _of_its_type(field: Schema, parts: Mapping[str, Schema]) -> str:
    found = re.findall(r"'#/\$defs/(\w+)'", repr(field))
    return parts[found[0]].get("description", "") if found else ""


def _holds(field: Schema, parts: Mapping[str, Schema]) -> str:
    """Return in words what may stand under a key."""
    about = {"description": field.get("description", "")}
    match field:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            named = f"[{_title(name).lower()}](#{_anchor(name)})"
            words = named if "properties" in parts[name] else _holds(parts[name], parts)
        case {"const": value}:
            words = f"`{value}`"
        case {"enum": values}:
            words = ", ".join(f"`{each}`" for each in values)
        case {"anyOf": some}:
            kinds = [about | each for each in some if each.get("type") != "null"]
            words = " or ".join(dict.fromkeys(_holds(each, parts) for each in kinds))
        case {"type": "array"}:
            items = field.get("items") or (field.get("prefixItems") or [{}])[0]
            words = f"list of {_holds(items, parts)}"
        case {"type": "object"}:
            values = field.get("additionalProperties") or {}
            words = f"{_holds(about | values, parts)} by name"
        case {"type": "integer"} if "in bytes" in about["description"]:
            words = "size"
        case _:
            simple = _WORDS.get(field.get("type", ""), "anything")
            words = _FORMATS.get(field.get("format", ""), simple)
    return words


def _default(field: Schema) -> str:
    default = field.get("default")
    if default in (None, [], {}, "") or isinstance(default, dict):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _title(name: str) -> str:
    """Return ``SleepGroup`` as "Sleep group"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _anchor(name: str) -> str:
    return _title(name).lower().replace(" ", "-")


def _plain(text: str) -> str:
    """Return a docstring as it may stand in a cell of a table."""
    text = re.sub(r":\w+:`[~.\w]*?(\w+)`", r"`\1`", text)
    text = re.sub(r"(?<=[;,] )None(?= (?:where|for)\b)", "left out", text)
    text = re.sub(r"\bNone(?= (?:where|for)\b)", "Left out", text)
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")
