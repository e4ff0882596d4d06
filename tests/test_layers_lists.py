"""The lists of images in an archive may be anything, and end in a clear error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hcreport.errors import ImageError
from hcreport.units import MIB
from tests.hostile_archives_case import IMAGE, read, streams
from tests.image_archives import Member, archive, oci_members


def listed(entries: Any, *more: Member) -> bytes:
    return archive([*more, ("manifest.json", json.dumps(entries).encode())])


def index(manifests: Any, *more: Member) -> bytes:
    return archive([*more, ("index.json", json.dumps({"manifests": manifests}).encode())])


CONFIG: Member = ("c.json", b"{}")
SELF = "blobs/sha256/1"

LISTS = {
    "nothing": (archive([]), "neither manifest.json nor index.json"),
    "a file system": (archive([("bin/sh", b"x")]), "neither manifest.json nor index.json"),
    "no list": (listed({}), "no list of images"),
    "a list of lists": (listed([[]]), "names no configuration"),
    "a configuration of numbers": (listed([{"Config": 7}]), "names no configuration"),
    "no configuration": (listed([{"Config": "c.json"}]), "does not hold the configuration"),
    "a configuration without": (listed([{"Config": "c.json"}], ("c.json", b"[]")), "is none"),
    "no JSON": (listed([{"Config": "c.json"}], ("c.json", b'{"a": ')), "no JSON"),
    "deep JSON": (listed([{"Config": "c.json"}], ("c.json", b"[" * 99_999)), "no JSON"),
    "long numbers": (
        listed([{"Config": "c"}], ("c", b"[" + b"9" * 9999 + b"]")),
        "no JSON|is none",
    ),
    "layers of numbers": (listed([{"Config": "c.json", "Layers": [7]}], CONFIG), "is not one"),
    "missing layer": (listed([{"Config": "c.json", "Layers": ["x"]}], CONFIG), "the layer x"),
    "many layers": (listed([{"Config": "c.json", "Layers": ["x"] * 9999}], CONFIG), "is not one"),
    "half characters": (
        listed([{"Config": "c.json", "Layers": ["\ud800"], "RepoTags": ["\ud800"]}], CONFIG),
        r"the layer \?",
    ),
    "layer that is none": (
        listed([{"Config": "c.json", "Layers": ["c.json"]}], CONFIG),
        "is no archive",
    ),
    "links in a circle": (
        listed([{"Config": "c.json", "Layers": ["a"]}], CONFIG, ("a", "b"), ("b", "a")),
        "the layer a",
    ),
    "link outside": (
        listed([{"Config": "c.json", "Layers": ["a"]}], CONFIG, ("a", "/etc/passwd")),
        "the layer a",
    ),
    "empty index": (index([]), "names no image"),
    "index of numbers": (index([7, "x", None]), "names no image"),
    "index of no list": (index({"a": 1}), "list of manifests is not one"),
    "index of nothing": (index([{"digest": "sha256:1"}, {"digest": 7}]), "names no image"),
    "index of itself": (
        index(
            [{"digest": "sha256:1"}] * 2000,
            (SELF, json.dumps({"manifests": [{"digest": "sha256:1"}] * 2000}).encode()),
        ),
        "names no image",
    ),
    "index of one long list": (
        index(
            [
                {"digest": "sha256:1", "annotations": {"io.containerd.image.name": f"{number}"}}
                for number in range(99)
            ],
            (SELF, b'{"manifests": []' + b" " * 4 * MIB + b"}"),
        ),
        "have no end",
    ),
    "manifest of numbers": (
        index([{"digest": "sha256:1"}], (SELF, b'{"config": {"digest": 7}, "layers": [7]}')),
        "does not hold the configuration",
    ),
    "manifest without layers": (
        index([{"digest": "sha256:1"}], (SELF, b'{"config": {}, "layers": 7}')),
        "list of layers is not one",
    ),
    "only statements": (
        archive(
            each
            for each in oci_members(IMAGE, manifest=False, attested=True)
            if each[0] != "index.json" and "blobs" not in each[0]
        ),
        "neither manifest.json nor index.json",
    ),
}


@streams
@pytest.mark.parametrize("name", LISTS)
def test_lists_that_are_none_are_an_error(name: str, stream: str) -> None:
    content, message = LISTS[name]
    with pytest.raises(ImageError, match=message) as caught:
        read(content, stream)
    caught.value.message.encode()
