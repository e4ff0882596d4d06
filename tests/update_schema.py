"""Writes the published JSON Schemas: ``python -m tests.update_schema [--check]``."""

from __future__ import annotations

import json
from pathlib import Path

from hcreport import snapshot
from hcreport.render import json as render_json
from hcreport.render.diff_json import diff_schema
from hcreport.render.doctor_json import doctor_schema
from hcreport.render.requirements_json import requirements_schema
from tests.generated import ROOT, update

FOLDER = ROOT / "docs" / "schema"


def files() -> dict[Path, str]:
    """Return the text of each schema file."""
    schemas = {
        "snapshot.schema.json": snapshot.json_schema(),
        "check.schema.json": render_json.json_schema(),
        "diff.schema.json": diff_schema(),
        "doctor.schema.json": doctor_schema(),
        "requirements.schema.json": requirements_schema(),
    }
    return {
        FOLDER / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


if __name__ == "__main__":
    update(files(), "make schema")
