"""Which names of a path in an image may stand in a snapshot."""

from __future__ import annotations

import pytest

from hcreport.collect.image_paths import context_path, image_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"app/models/acme-secret-7b.gguf", "/app/models/*.gguf"),
        (b"home/alice/.ssh/id_rsa", "/home/*"),
        (b"usr/lib/python3.11/site-packages/acme", "/usr/lib/python3.11/site-packages/*"),
        (b"app/.git/objects/pack/pack-1.pack", "/app/.git/objects/pack/*.pack"),
        (b"srv/\xff\n<b>/x.secret", "/srv/*"),
        (b"app/src/lib/api/web/data/models/tests", "/app/src/lib/api/web/data/*"),
    ],
)
def test_only_well_known_names_are_shown(path: bytes, shown: str) -> None:
    assert image_path(path) == shown


def test_a_path_in_a_context_has_no_slash_at_its_beginning() -> None:
    assert context_path("acme/node_modules") == "*/node_modules"
