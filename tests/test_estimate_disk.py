"""What a scenario needs on disk: parts that add up, blocks before lengths, reasons for the rest."""

from __future__ import annotations

import pytest

from hcreport.estimate.disk import (
    CACHE,
    IMAGES,
    LOGS,
    MODELS,
    OTHERS,
    RECORDS,
    UNPACK,
    VOLUMES,
    WRITTEN,
    disk_need,
)
from hcreport.estimate.requirements import started_requirement
from hcreport.model import DiskNeed, DiskPart
from tests.fragments import snapshot_of

_STACK = """
    services:
      - {name: web, image: a, build: {}, mounts: [{kind: volume, volume: shop_data}]}
      - {name: db, image: b}
    images:
      - tags: [a]
        size: 3
        layers: [{instruction: A, size: 2, chain: x}, {instruction: B, size: 1, chain: y}]
        layers_on_disk: {x: 8192, y: 4096}
      - tags: [b]
        size: 12
        layers: [{instruction: A, size: 2, chain: x}, {instruction: C, size: 10, chain: z}]
        layers_on_disk: {x: 8192, z: 20480}
      - {tags: [unrelated], size: 1000, layers_on_disk: {u: 409600}}
    containers:
      - {name: w, service: web, state: running, writable: 7, writable_on_disk: 45056,
         logs_on_disk: 12288}
      - {name: d, service: db, state: exited, writable: 0, writable_on_disk: 40960,
         logs_on_disk: 0}
      - {name: o, service: other, state: exited, writable: 5, writable_on_disk: 4096,
         logs_on_disk: 4096}
    volumes:
      - {name: shop_data, size: 100, on_disk: 16384}
      - {name: blog_data, size: 1000, on_disk: 4096}
    disk: {root: 999, build_cache: 5, build_cache_on_disk: 28672, others: 0, records: 24576}
"""


def need(fragment: str) -> DiskNeed:
    snapshot = snapshot_of(fragment)
    return disk_need(snapshot.services, snapshot, snapshot.models)


def parts(found: DiskNeed) -> dict[str, DiskPart]:
    return {part.name: part for part in found.parts}


def sizes(found: DiskNeed) -> dict[str, float]:
    return {part.name: part.size.value for part in found.parts if part.size is not None}


def evidence(part: DiskPart) -> str:
    assert part.size is not None, part.reason
    return part.size.origin.evidence


def test_blocks_are_counted_each_layer_once_and_add_up_to_the_byte() -> None:
    found = need(_STACK)
    assert sizes(found) == {
        IMAGES: 8192 + 4096 + 20480,
        VOLUMES: 16384,
        WRITTEN: 45056 + 40960,
        LOGS: 12288,
        CACHE: 28672,
        RECORDS: 24576,
        UNPACK: 12,
    }
    assert found.total is not None
    assert found.total.value == sum(sizes(found).values())
    assert found.total.low == found.total.value - 12
    assert found.total.family == "image"
    assert "without" not in found.total.origin.evidence
    assert "as du counts" in evidence(parts(found)[IMAGES])
    assert "as Docker counts" not in evidence(parts(found)[IMAGES])


def test_the_requirement_holds_the_same() -> None:
    snapshot = snapshot_of(_STACK)
    requirement = started_requirement(snapshot)
    found = disk_need(snapshot.services, snapshot)
    assert (requirement.disk, requirement.disk_parts) == (found.total, found.parts)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("y: 4096", "y: 8192", IMAGES),
        ("on_disk: 16384", "on_disk: 20480", VOLUMES),
        ("writable_on_disk: 45056", "writable_on_disk: 49152", WRITTEN),
        ("logs_on_disk: 12288", "logs_on_disk: 16384", LOGS),
        ("build_cache_on_disk: 28672", "build_cache_on_disk: 32768", CACHE),
        ("records: 24576", "records: 28672", RECORDS),
        ("size: 12", "size: 4108", UNPACK),
    ],
)
def test_one_change_changes_its_own_part_and_the_total(old: str, new: str, part: str) -> None:
    before, after = need(_STACK), need(_STACK.replace(old, new))
    changed = {name for name, size in sizes(before).items() if sizes(after)[name] != size}
    assert changed == {part}
    assert before.total is not None
    assert after.total is not None
    assert after.total.value - before.total.value == 4096


_BY_LENGTH = """
    services:
      - {name: web, image: a, mounts: [{kind: volume, volume: shop_data}]}
      - {name: db, image: b}
    images:
      - tags: [a]
        size: 3
        layers: [{instruction: A, size: 2, chain: x}, {instruction: B, size: 1, chain: y}]
      - tags: [b]
        size: 12
        layers: [{instruction: A, size: 2, chain: x}, {instruction: C, size: 10, chain: z}]
      - {tags: [unrelated], size: 1000}
    containers: [{name: w, service: web, state: running, writable: 7}]
    volumes: [{name: shop_data, size: 100}, {name: blog_data, size: 1000}]
    disk: {build_cache: 5}
    engine: {files_unread: nobody may read it}
"""


def test_lengths_of_files_are_used_where_blocks_were_not_counted_and_called_so() -> None:
    found = need(_BY_LENGTH)
    assert sizes(found) == {IMAGES: 13, VOLUMES: 100, WRITTEN: 7, UNPACK: 12}
    for name in (IMAGES, VOLUMES, WRITTEN):
        assert "lengths of files, as Docker counts" in evidence(parts(found)[name])
        assert "as du counts" not in evidence(parts(found)[name])
    for name in (LOGS, RECORDS):
        assert parts(found)[name].reason == "nobody may read it"
    assert found.total is not None
    assert found.total.origin.evidence.endswith("; without: container logs, Docker's own records")


def test_a_mixture_says_that_it_is_one() -> None:
    mixed = _BY_LENGTH.replace(
        "size: 12\n", "size: 12\n        layers_on_disk: {x: 4096, z: 8192}\n"
    )
    part = parts(need(mixed))[IMAGES]
    assert part.size is not None
    assert part.size.value == 4096 + 8192 + 1
    assert "as du counts and lengths of files" in evidence(part)


@pytest.mark.parametrize(
    ("image", "size"),
    [
        ("{tags: [a], size: 7}", 7),
        ("{tags: [a], size: 7, layers: [{instruction: A, size: 3}, {instruction: B, size: 4}]}", 7),
    ],
)
def test_layers_that_nobody_identified_count_for_themselves(image: str, size: int) -> None:
    found = need(f"services: [{{name: web, image: a}}]\nimages: [{image}]")
    assert sizes(found) == {IMAGES: size, UNPACK: size}


def test_a_layer_that_nobody_identified_is_among_the_blocks_of_its_image() -> None:
    layers = "[{instruction: A, size: 3, chain: x}, {instruction: B, size: 4}]"
    image = f"{{tags: [a], size: 7, layers: {layers}, layers_on_disk: {{x: 4096, y: 8192}}}}"
    found = need(f"services: [{{name: web, image: a}}]\nimages: [{image}]")
    assert sizes(found) == {IMAGES: 4096 + 8192, UNPACK: 7}


def test_what_is_not_known_of_a_part_stands_in_its_evidence() -> None:
    found = parts(
        need("""
            services:
              - {name: web, image: a, mounts: [{kind: volume, volume: made}]}
              - {name: db, image: c, mounts: [{kind: volume, volume: not-made}]}
              - {name: cloud, provider: true}
            images: [{tags: [a], size: 7}]
            volumes: [{name: made, size: 5}]
        """)
    )
    assert evidence(found[IMAGES]).endswith("; of unknown size and not in it: 1")
    assert evidence(found[VOLUMES]).startswith("volumes mounted: 2; ")
    assert evidence(found[VOLUMES]).endswith("; of unknown size and not in it: 1")


_OTHER = "containers: [{name: o, service: other, state: exited}]"

_MODEL = "models: [{name: m, service: web, memory: 5}]"


@pytest.mark.parametrize(
    ("more", "part", "reason", "applies"),
    [
        ("", VOLUMES, "none of its services mounts one", False),
        ("", MODELS, "no local model is named", False),
        (_MODEL, MODELS, "the files of m are not known", True),
        ("models: [{name: m}]", MODELS, "the files of m are not known", True),
        ("", WRITTEN, "the snapshot was taken without an engine", True),
        (_OTHER, WRITTEN, "it has no container", True),
        (_OTHER, LOGS, "it has no container", True),
        ("", CACHE, "the snapshot was taken without an engine", True),
        ("engine: {}", RECORDS, "the snapshot holds no blocks", True),
        (
            "engine: {}\ngaps: [{source: disk blocks, reason: It took too long.}]",
            RECORDS,
            "It took too long.",
            True,
        ),
        (
            "disk: {build_cache: 9, build_cache_on_disk: 9, others: 2000, records: 3}",
            CACHE,
            "none of its services is built",
            False,
        ),
        (
            "disk: {others: 2000, records: 3}",
            RECORDS,
            "the engine keeps records for other projects too",
            True,
        ),
        (
            "disk: {others: 2000, records: 3}",
            OTHERS,
            "2 kB of layers, containers and volumes, left out",
            False,
        ),
        ("images: []", IMAGES, "the snapshot was taken without an engine", True),
        ("images: []", UNPACK, "no image of it is known", True),
    ],
)
def test_a_part_without_a_size_says_why(more: str, part: str, reason: str, applies: bool) -> None:
    image = "" if "images" in more else "images: [{tags: [a], size: 7}]"
    found = parts(need(f"services: [{{name: web, image: a}}]\n{image}\n{more}"))[part]
    assert (found.size, found.reason, found.applies) == (None, reason, applies)


def test_models_in_volumes_are_counted_with_the_volumes() -> None:
    found = parts(
        need(f"""
            services: [{{name: web, mounts: [{{kind: volume, volume: models}}]}}]
            volumes: [{{name: models, size: 1000}}]
            {_MODEL}
        """)
    )
    assert not found[MODELS].applies
    assert "counted above" in found[MODELS].reason


def test_the_packed_copies_of_containerds_store_are_said_to_be_missing() -> None:
    store = "engine: {containerd_store: true}"
    found = need(f"services: [{{name: web, image: a}}]\nimages: [{{tags: [a], size: 7}}]\n{store}")
    assert "without the packed copies" in evidence(parts(found)[IMAGES])


def test_the_room_to_unpack_is_an_estimate_between_nothing_and_the_largest_image() -> None:
    room = parts(need(_STACK))[UNPACK].size
    assert room is not None
    assert (room.low, room.high, room.origin.kind) == (0, 12, "estimated")


def test_sizes_from_a_publication_are_not_called_measured() -> None:
    note = "origins: [{path: images, origin: {kind: cited, evidence: a review}}]"
    found = need(f"services: [{{name: web, image: a}}]\nimages: [{{tags: [a], size: 7}}]\n{note}")
    size = parts(found)[IMAGES].size
    assert size is not None
    assert size.origin.kind == "cited"


def test_the_total_is_unknown_where_nothing_of_the_scenario_is_known() -> None:
    found = need("services: [{name: web}]\ndisk: {root: 9, build_cache: 5, others: 0, records: 4}")
    assert found.total is None
    assert sizes(found) == {CACHE: 5, RECORDS: 4}


@pytest.mark.parametrize(
    ("models", "size", "kind", "words"),
    [
        ("[{name: m, file: 30, shape_from: ollama}]", 30, "measured", "in no volume: 1"),
        ("[{name: m, file: 30, shape_from: catalogue}]", 30, "cited", "in no volume: 1"),
        (
            "[{name: m, file: 30, shape_from: file}, {name: n, file: 5, shape_from: catalogue}]",
            35,
            "estimated",
            "in no volume: 2",
        ),
        ("[{name: m, file: 30, shape_from: file}, {name: n}]", 30, "measured", "not in it: 1"),
    ],
)
def test_files_of_models_outside_of_volumes_count_where_their_size_is_known(
    models: str, size: int, kind: str, words: str
) -> None:
    found = need(
        f"services: [{{name: web, image: a}}]\nimages: [{{tags: [a], size: 7}}]\nmodels: {models}"
    )
    part = parts(found)[MODELS]
    assert part.size is not None
    assert (part.size.value, part.size.origin.kind) == (size, kind)
    assert words in part.size.origin.evidence
    assert found.total is not None
    assert found.total.value == sum(sizes(found).values())


def test_models_in_a_volume_do_not_count_twice() -> None:
    found = need("""
        services: [{name: web, image: a, mounts: [{kind: volume, volume: v}]}]
        volumes: [{name: v, size: 40}]
        models: [{name: m, service: web, file: 30, shape_from: file}]
    """)
    assert sizes(found)[VOLUMES] == 40
    assert MODELS not in sizes(found)
