"""Files of proofs: JSON beside the snapshot, with a schema number, read strictly, written whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.files import write_whole
from hcreport.model import Proofs
from hcreport.model.record import explain_validation
from hcreport.units import MB

SCHEMA_NUMBER = 1
"""The schema of the file that this version reads and writes."""

LARGEST_FILE = 64 * MB
"""Bytes; a proof of 1,000 services is less than a hundredth of it."""

_AGAIN = "Move the file away and run `hcreport prove` again."


def proofs_path(snapshot: Path) -> Path:
    """Return where the proofs of a snapshot are kept: ``stack.proofs.json`` for ``stack.json``."""
    return snapshot.with_name(f"{snapshot.stem}.proofs.json")


def hash_of_services(hashes: Mapping[str, str | None]) -> str | None:
    """Return the SHA-256 over Compose's hashes by service; None where one is not known."""
    if not hashes or not all(hashes.values()):
        return None
    lines = "".join(f"{name} {each}\n" for name, each in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def read_proofs(path: Path) -> Proofs:
    """Return the proofs in a file, none where there is no such file.

    Raises SnapshotError where it cannot be read or is not what the schema says (the message names
    the place), SnapshotTooNew where a newer hcreport wrote it.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SnapshotError(f"{path} is too large to be a file of proofs.", hint=_AGAIN)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Proofs()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SnapshotError(f"{path} cannot be read: {reason}.", hint=_AGAIN) from error
    return parse_proofs(text, name=str(path))


def parse_proofs(text: str, *, name: str = "the file of proofs") -> Proofs:
    """Return the proofs in a JSON text; ``name`` stands in messages. Raises like read_proofs."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{name} is not valid JSON.", hint=_AGAIN) from error
    number = data.pop("schema", None) if isinstance(data, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise SnapshotError(f"{name} is not a file of proofs: it has no schema.", hint=_AGAIN)
    if number > SCHEMA_NUMBER:
        raise SnapshotTooNew(
            f"{name} has schema {number}; this version reads up to schema {SCHEMA_NUMBER}.",
            hint="Upgrade hcreport: `pip install --upgrade hcreport`.",
        )
    try:
        return Proofs.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise explain_validation(error, name, SnapshotError) from error


def write_proofs(proofs: Proofs, path: Path) -> None:
    """Write proofs; the same proofs give the same bytes. Raises SnapshotError."""
    try:
        write_whole(path, format_proofs(proofs))
    except OSError as error:
        raise SnapshotError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Make the folder of the snapshot writable and run it again.",
        ) from error


def format_proofs(proofs: Proofs) -> str:
    """Return the JSON text of proofs; values that are their field's default are left out."""
    data = proofs.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"schema": SCHEMA_NUMBER, **data}, indent=2, ensure_ascii=False) + "\n"
