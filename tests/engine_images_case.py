"""Stands for an engine that has two images: its client and its folder, and how they are read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from docker.errors import NotFound

from hcreport.collect.engine import Address, Connection
from hcreport.collect.layers.cache import LayerCache
from hcreport.collect.layers.engine import EngineImages, read_engine_images
from hcreport.units import KIB
from tests.engine_folder import plain, write_engine_folder
from tests.image_archives import (
    Image,
    device,
    docker_archive,
    file,
    folder,
    hardlink,
    layer,
    opaque,
    symlink,
    whiteout,
)

HERE = Address(url="unix:///var/run/docker.sock")
FAR = Address(url="tcp://10.0.0.1:2376")

Json = dict[str, Any]
Answer = TypeVar("Answer")

PROGRAM = Path("/proc/self/exe").read_bytes()

BASE = layer(
    folder("./"),
    folder("usr"),
    folder("usr/bin", mode=0o1777, user=7),
    file("usr/bin/tool", b"\x7fELF" + os.urandom(70 * KIB), mode=0o4755, user=1000, group=50),
    hardlink("usr/bin/again", "usr/bin/tool"),
    symlink("bin", "usr/bin"),
    file("empty"),
    file("var/lib/dpkg/status", b"Package: tool\n" * 900),
    file("x" * 150 + "/" + "y" * 120, b"long name", attributes={"SCHILY.xattr.user.a": "b"}),
    file(os.fsdecode(b"caf\xe9/not-utf-8.gguf"), b"four"),
    file('quoted ","size":7, .gguf', b"GGUF"),
    device("dev/null"),
)
TOP = layer(
    whiteout("usr/bin/again"),
    opaque("opt"),
    file("opt/app/weights.gguf", b"GGUF" + os.urandom(90 * KIB)),
)
ODD = tuple(256 * KIB + more for more in (0, 1, 4095, 4096, 4097))
"""Sizes, in bytes, at which pieces that are read at once end."""

LIBRARY = layer(file("opt/venv/lib/python3/site-packages/a/_c.so", PROGRAM), form="gnu")
OTHER = layer(file("srv/file", b"other"), *(file(f"srv/{n}", os.urandom(n)) for n in ODD))

SETTINGS = {"Env": ["A=1"], "Cmd": ["run"], "ExposedPorts": {"80/tcp": {}}, "User": "me"}
STEPS = (
    {"created_by": "COPY base /"},
    {"created_by": 'CMD ["run"]', "empty_layer": True},
    {"created_by": "RUN rm x # buildkit"},
    {"created_by": "COPY venv /opt"},
)
WEB = Image(layers=(BASE, TOP, LIBRARY), tags=("shop/web:1",), config=SETTINGS, history=STEPS)
API = Image(layers=(BASE, OTHER), tags=("shop/api:1",), config=SETTINGS)


class Body(io.BytesIO):
    """What a reply holds: it comes once."""

    def seekable(self) -> bool:
        return False


@dataclass
class Reply:
    """A reply of the engine, as the SDK hands it on."""

    raw: Body
    closed: bool = False

    def raise_for_status(self) -> None:
        """Raise nothing: it is a good one."""

    def close(self) -> None:
        self.closed = True


@dataclass
class Client:
    """Stands for the Docker SDK's client of an engine with these images."""

    images: list[Image]
    root: str = "/nowhere/at-all"
    more: Json = field(default_factory=dict)
    """What else ``/info`` says."""
    errors: dict[str, Exception] = field(default_factory=dict)
    """By question: what asking it ends with."""
    asked: list[list[str]] = field(default_factory=list)
    """Which images archives were asked for."""
    timeouts: list[Any] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    archive: Callable[..., bytes] = docker_archive
    layer_size: int = 1
    """What the history says of each layer."""
    removed_before_archive: str = ""
    base_url: str = "http+docker://localhost"

    def inspect_image(self, reference: str) -> Json:
        return self._asked("inspect", lambda: self._details(self._image(reference)))

    def history(self, reference: str) -> list[Json]:
        def reply() -> list[Json]:
            image = self._image(reference)
            steps = image.history or [{"created_by": f"RUN step {n}"} for n in range(2)]
            return [
                {
                    "CreatedBy": step["created_by"],
                    "Size": 0 if step.get("empty_layer") else self.layer_size,
                }
                for step in reversed(steps)
            ]

        return self._asked("history", reply)

    def info(self) -> Json:
        info = {"DockerRootDir": self.root, "Driver": "overlay2", "DriverStatus": [], **self.more}
        return self._asked("info", lambda: info)

    def get(self, url: str, *, params: Mapping[str, Any], stream: bool, timeout: Any) -> Reply:
        assert url == f"{self.base_url}/v1.41/images/get"
        assert stream
        self.asked.append(params["names"])
        self.timeouts.append(timeout)
        self.images = [each for each in self.images if self.removed_before_archive not in each.tags]
        found = self._asked("get", lambda: [self._image(name) for name in params["names"]])
        self.replies.append(Reply(Body(self.archive(*found))))
        return self.replies[-1]

    def _image(self, reference: str) -> Image:
        for image in self.images:
            if reference in (*image.tags, image.id):
                return image
        raise NotFound("no such image: canary")

    def _details(self, image: Image) -> Json:
        return {
            "Id": image.id,
            "RepoTags": list(image.tags),
            "RootFS": {"Type": "layers", "Layers": image.diff_ids},
            "Size": self.layer_size * len(image.layers),
            "Config": dict(image.config),
            "Architecture": "amd64",
            "Os": "linux",
        }

    def _asked(self, question: str, answer: Callable[[], Answer]) -> Answer:
        if question in self.errors:
            raise self.errors[question]
        return answer()


def read(client: Client, *references: str, address: Address = HERE, **options: Any) -> EngineImages:
    """Read images of an engine."""
    connection = Connection(
        address=address, client=cast("Any", client), version={}, api_version="1.41"
    )
    return read_engine_images(connection, references or ["shop/web:1"], **options)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of an engine that has both images."""
    place = tmp_path / "engine"
    write_engine_folder(place, [WEB, API])
    return place


@pytest.fixture
def kept(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "cache")


def folder_of(root: Path, number: int = 0) -> Path:
    """Return the folder with the files of one of the layers of WEB."""
    from hcreport.collect.history import chain_ids

    return root / "overlay2" / plain(chain_ids(WEB.diff_ids)[number]) / "diff"


def notes_of(root: Path, number: int = 0) -> Path:
    """Return the folder with the engine's notes on one of the layers of WEB."""
    return root / "image/overlay2/layerdb/sha256" / folder_of(root, number).parent.name
