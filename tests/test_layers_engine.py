"""An engine's images are the same from its folder, from the cache and through its API."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as BrokenConnection

from hcreport.collect.engine import Address, Connection
from hcreport.collect.layers.cache import LayerCache
from hcreport.collect.layers.engine import EngineImages, read_engine_images
from hcreport.collect.layers.overlay import SplitArchive
from hcreport.contents.image import HistoryEntry
from hcreport.units import GIB, KIB
from tests.engine_folder import plain, split, unpack, write_engine_folder
from tests.image_archives import (
    Image,
    device,
    docker_archive,
    file,
    folder,
    hardlink,
    layer,
    oci_archive,
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


@pytest.mark.parametrize("packing", [docker_archive, oci_archive])
def test_all_ways_give_the_same(
    root: Path, kept: LayerCache, packing: Callable[..., bytes]
) -> None:
    through_api = read(Client([WEB], archive=packing), address=FAR, cache=kept)
    in_place = read(Client([WEB], root=str(root)))
    from_cache = read(Client([WEB], errors={"get": BrokenConnection()}), address=FAR, cache=kept)
    assert (through_api.read, in_place.read, from_cache.read) == ("engine", "folder", "engine")
    assert not through_api.failures
    assert in_place.images == through_api.images == from_cache.images
    (image,) = through_api.images.values()
    assert (image.name, image.id) == ("shop/web:1", WEB.id)
    assert image.history == tuple(
        HistoryEntry(text=str(step["created_by"]), empty="empty_layer" in step) for step in STEPS
    )
    assert image.config.ports == ("80/tcp",)
    assert [layer.diff_id for layer in image.layers] == WEB.diff_ids
    assert dict(image.layers[0].evidence()) == {b"var/lib/dpkg/status": b"Package: tool\n" * 900}
    assert image.layers[2].needs
    assert len(image.layers[1].marks) == 1


def test_marks_do_not_depend_on_how_a_file_is_read(root: Path) -> None:
    in_place = read(Client([API], root=str(root)), "shop/api:1")
    assert in_place.read == "folder"
    assert in_place.images == read(Client([API]), "shop/api:1").images
    assert len(in_place.images["shop/api:1"].layers[1].marks) == len(ODD)


def test_in_place_nothing_is_asked_for(root: Path) -> None:
    client = Client([WEB, API], root=str(root))
    assert read(client, "shop/web:1", "shop/api:1").images.keys() == {"shop/web:1", "shop/api:1"}
    assert client.asked == []
    assert read(client, in_place=False).read == "engine"
    assert client.asked == [["shop/web:1"]]


def test_several_images_are_one_request_and_shared_layers_are_one_value() -> None:
    client = Client([WEB, API])
    found = read(client, "shop/web:1", "shop/api:1", "shop/web:1", WEB.id)
    assert client.asked in ([["shop/web:1", "shop/api:1"]], [[WEB.id, "shop/api:1"]])
    assert client.replies[0].closed
    web, api = found.images["shop/web:1"], found.images["shop/api:1"]
    assert web.layers[0] is api.layers[0]
    assert found.images[WEB.id].layers == web.layers
    assert found.images[WEB.id].name == WEB.id


@pytest.mark.parametrize("way", ["engine", "folder"])
def test_a_second_time_nothing_is_read(root: Path, kept: LayerCache, way: str) -> None:
    first = Client([WEB, API], root=str(root) if way == "folder" else "/nowhere")
    found = read(first, "shop/web:1", "shop/api:1", cache=kept)
    assert found.read == way
    second = Client([WEB, API])
    assert read(second, "shop/web:1", "shop/api:1", cache=kept).images == found.images
    assert second.asked == []


def test_a_layer_that_is_kept_is_not_read_again(kept: LayerCache) -> None:
    read(Client([API]), "shop/api:1", cache=kept)
    client = Client([WEB, API])
    found = read(client, "shop/api:1", "shop/web:1", cache=kept)
    assert client.asked == [["shop/web:1"]]
    assert found.images["shop/web:1"].layers[0] is found.images["shop/api:1"].layers[0]


def test_slow_engines_have_all_the_time_they_need() -> None:
    client = Client([WEB])
    read(client)
    assert client.timeouts == [(15, None)]


def test_the_progress_is_told(root: Path, kept: LayerCache) -> None:
    told: list[int] = []
    read(Client([WEB]), on_bytes=told.append)
    assert 0 <= len(docker_archive(WEB)) - sum(told) <= tarfile.RECORDSIZE
    told.clear()
    read(Client([WEB], root=str(root)), on_bytes=told.append, cache=kept)
    assert 0 <= sum(map(len, WEB.layers)) - sum(told) <= 3 * tarfile.RECORDSIZE
    told.clear()
    (image,) = read(Client([WEB]), on_bytes=told.append, cache=kept).images.values()
    assert sum(told) == image.size


WEIGHTS = "opt/app/weights.gguf"


def replaced_by(
    make: Callable[[Path, Path], object], name: str = WEIGHTS
) -> Callable[[Path], object]:
    """Return an act that puts something in the place of a file or folder of the second layer.

    What was there is outside then, under the second path.
    """

    def act(root: Path) -> object:
        place = folder_of(root, 1) / name
        return make(place, place.rename(root / "outside"))

    return act


def noted(name: str, content: bytes) -> Callable[[Path], None]:
    """Return an act that writes one of the engine's notes on the first layer anew."""

    def act(root: Path) -> None:
        (notes_of(root) / name).write_bytes(content)

    return act


def cut(root: Path) -> None:
    """Cut the notes on a layer short."""
    path = notes_of(root) / "tar-split.json.gz"
    path.write_bytes(path.read_bytes()[:-900])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no notes": lambda root: (notes_of(root) / "tar-split.json.gz").unlink(),
    "notes cut": cut,
    "notes of a form that is not known": noted("tar-split.json.gz", gzip.compress(b'{"type":3}')),
    "notes that are none": noted("tar-split.json.gz", gzip.compress(b"[]")),
    "another layer": noted("diff", WEB.diff_ids[1].encode()),
    "a folder elsewhere": noted("cache-id", b"../../../outside"),
    "no files": lambda root: shutil.rmtree(folder_of(root)),
    "the whole folder missing": shutil.rmtree,
    "another size": replaced_by(lambda place, old: place.write_bytes(old.read_bytes() + b"more")),
    "a file missing": lambda root: (folder_of(root, 1) / WEIGHTS).unlink(),
    "a link instead of a file": replaced_by(lambda place, old: place.symlink_to(old)),
    "a link instead of a folder": replaced_by(lambda place, old: place.symlink_to(old), "opt/app"),
    "a pipe instead of a file": replaced_by(lambda place, _: os.mkfifo(place)),
}


@pytest.mark.parametrize("act", DAMAGE)
def test_a_folder_that_is_not_as_it_should_be_is_not_used(root: Path, act: str) -> None:
    DAMAGE[act](root)
    client = Client([WEB], root=str(root))
    found = read(client)
    assert (found.read, client.asked) == ("engine", [["shop/web:1"]])
    assert found.images == read(Client([WEB])).images


@pytest.mark.parametrize("place", [FAR, Address(url="ssh://somebody@host")])
def test_the_folder_of_an_engine_elsewhere_is_not_looked_at(root: Path, place: Address) -> None:
    assert read(Client([WEB], root=str(root)), address=place).read == "engine"


@pytest.mark.parametrize(
    "more",
    [
        {"OperatingSystem": "Docker Desktop"},
        {"Driver": "btrfs"},
        {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
        {"DockerRootDir": ""},
    ],
)
def test_other_ways_to_keep_layers_are_not_read_in_place(root: Path, more: Json) -> None:
    found = read(Client([WEB], root=str(root), more=more))
    assert (found.read, not found.failures) == ("engine", True)


def test_an_archive_is_put_together_to_the_byte(tmp_path: Path) -> None:
    for number, content in enumerate((BASE, TOP, LIBRARY, layer())):
        place = tmp_path / str(number)
        unpack(content, place)
        with SplitArchive(io.BytesIO(b"".join(split(content))), place) as archive:
            found = b"".join(iter(lambda: archive.read(100_000), b""))
        assert found == content


@pytest.mark.parametrize("count", [1, 511, 4097, 40_000])
def test_parts_of_an_archive_may_be_passed_over(tmp_path: Path, count: int) -> None:
    unpack(TOP, tmp_path / "files")
    for start in range(0, len(TOP) - 2 * count - 7, 7001):
        with SplitArchive(io.BytesIO(b"".join(split(TOP))), tmp_path / "files") as archive:
            archive.skip(start)
            ahead = archive.look(10, 20)
            assert ahead in (b"", TOP[start + 10 : start + 30])
            found = archive.read(count)
            assert found == TOP[start : start + len(found)]
            archive.skip(count)
            rest = start + len(found) + count
            found = archive.read(7)
            assert found == TOP[rest : rest + len(found)]
            with pytest.raises(EOFError):
                archive.skip(len(TOP))


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ("inspect", APIError("canary", cast("Any", None), None), "engine answered with error"),
        ("inspect", BrokenConnection("canary"), "connection to the engine broke"),
        ("get", BrokenConnection("canary"), "connection to the engine broke"),
        ("get", APIError("x", None, "write /a: no space left on device canary"), "became full"),
        ("get", NotFound("canary"), "removed while it was read; pull it or build it again"),
    ],
)
def test_what_goes_wrong_is_one_sentence(question: str, error: Exception, words: str) -> None:
    found = read(Client([WEB], errors={question: error}))
    assert found.images == {}
    (reason,) = found.failures.values()
    assert words in reason
    assert "canary" not in reason
    assert reason.count(".") == 1


def test_a_missing_image_does_not_keep_others_from_being_read() -> None:
    client = Client([WEB])
    found = read(client, "shop/gone:1", "shop/web:1")
    assert found.images.keys() == {"shop/web:1"}
    assert found.failures == {
        "shop/gone:1": "The engine has no image of this name; pull it or build it first."
    }
    assert client.asked == [["shop/web:1"]]


def test_an_image_that_is_gone_in_between_does_not_either() -> None:
    client = Client([WEB, API], removed_before_archive="shop/api:1")
    found = read(client, "shop/api:1", "shop/web:1")
    assert found.images.keys() == {"shop/web:1"}
    assert "removed while it was read" in found.failures["shop/api:1"]


def test_nor_does_one_that_is_damaged() -> None:
    def archive(*images: Image) -> bytes:
        whole = docker_archive(*images)
        return whole if images == (WEB,) else whole[: len(whole) // 2]

    client = Client([WEB, API], archive=archive)
    found = read(client, "shop/web:1", "shop/api:1")
    assert found.images.keys() == {"shop/web:1"}
    assert found.failures.keys() == {"shop/api:1"}
    assert all(reply.closed for reply in client.replies)


def test_another_image_than_was_asked_for_is_not_taken() -> None:
    found = read(Client([WEB], archive=lambda *_: docker_archive(API)))
    assert found.failures == {"shop/web:1": "The engine's archive does not hold the image."}


def test_the_ids_of_another_store_are_no_obstacle(kept: LayerCache) -> None:
    """In containerd's store an image's id is the digest of a list, which no archive names."""

    class Containerd(Client):
        def _details(self, image: Image) -> Json:
            return {**super()._details(image), "Id": f"sha256:{'9' * 64}", "Size": 1}

        def _image(self, reference: str) -> Image:
            return self.images[0]

    found = read(Containerd([WEB], archive=oci_archive), cache=kept)
    image = found.images["shop/web:1"]
    assert (image.id, len(image.layers)) == (f"sha256:{'9' * 64}", 3)
    again = Containerd([WEB], errors={"get": BrokenConnection()})
    assert read(again, cache=kept).images == found.images


HUGE = 1_000_000 * GIB


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, True),
        ({"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}, False),
        ({"OperatingSystem": "Docker Desktop"}, False),
        ({"DockerRootDir": "/nowhere"}, False),
    ],
)
def test_room_for_the_engines_temporary_files_is_looked_for_first(
    root: Path, more: Json, refused: bool
) -> None:
    client = Client([WEB], root=str(root), more=more, layer_size=HUGE)
    found = read(client, in_place=False)
    assert (client.asked == []) is refused
    if refused:
        (reason,) = found.failures.values()
        assert "the engine needs 3.22 PB of disk" in reason
        assert "docker builder prune" in reason


def test_the_folder_of_another_engine_says_nothing_about_room(root: Path) -> None:
    shutil.rmtree(root / "image/overlay2/imagedb/content/sha256")
    (root / "image/overlay2/imagedb/content/sha256" / ("f" * 64)).mkdir(parents=True)
    assert read(Client([WEB], root=str(root), layer_size=HUGE), in_place=False).images


@pytest.mark.parametrize(
    ("steps", "matched"),
    [
        (STEPS, True),
        # Which of two steps without a size made the empty layer nobody can tell.
        (({"created_by": "RUN true"}, {"created_by": "RUN false"}), False),
    ],
)
def test_steps_that_nobody_kept_are_matched_where_that_is_certain(
    kept: LayerCache, steps: Sequence[Json], matched: bool
) -> None:
    layers = WEB.layers if matched else (OTHER,)
    image = Image(layers=layers, tags=("shop/web:1",), history=steps)
    read(Client([image]), cache=kept)
    for path in (kept._folder).glob("*.steps"):
        path.unlink()
    client = Client([image], layer_size=1 if matched else 0)
    (found,) = read(client, cache=kept).images.values()
    assert client.asked == []
    assert (None not in found.steps()) is matched


def test_without_a_history_there_is_a_note(kept: LayerCache) -> None:
    read(Client([WEB]), cache=kept)
    (image,) = read(Client([WEB], errors={"history": NotFound("x")}), cache=kept).images.values()
    assert image.history == ()
    assert image.notes == ("The steps that made the image could not be read.",)


def test_no_image_is_no_question() -> None:
    client = Client([], errors={"info": BrokenConnection()})
    assert read_engine_images(
        Connection(address=HERE, client=cast("Any", client), version={}, api_version="1.41"), []
    ) == EngineImages(images={}, read="engine")
