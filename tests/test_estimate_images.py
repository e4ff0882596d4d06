"""Image targets: only what the history shows, shared layers once, and never a promise."""

from __future__ import annotations

from typing import get_args

import pytest

from hcreport.estimate.image_target import (
    STEP_TEXTS,
    avoidable,
    copied_weight,
    hidden_above_base,
)
from hcreport.estimate.images import image_targets, images_by_service, unique_bytes
from hcreport.model import Cause, Group, ImageContents, ImageTarget, StepKind
from hcreport.render.image_meanings import CAUSES, GROUP_MEANINGS
from hcreport.render.image_words import GROUPS
from hcreport.units import Bytes
from tests.fragments import read_yaml, snapshot_of


def disk(text: str) -> int:
    return int(read_yaml(f"!disk {text}"))


def only(fragment: str) -> ImageTarget:
    (target,) = image_targets(snapshot_of(fragment))
    return target


def test_a_large_copy_of_the_build_context_bounds_the_target() -> None:
    found = only("""
        services: [{name: core, build: {context: .}}]
        images:
          - tags: [shop-core:latest]
            size: !disk 16.3GB
            layers:
              - {instruction: FROM, size: !disk 125MB, chain: a}
              - {instruction: COPY, whole_context: true, size: !disk 16.1GB, chain: b}
              - {instruction: RUN, detail: pip install, size: !disk 75MB, chain: c}
    """)
    assert (found.services, found.whole_context) == (("core",), True)
    assert (found.largest_instruction, found.shared) == ("COPY", 0)
    assert found.target is not None
    assert found.target.value == found.target.low == disk("200MB")
    assert found.target.high == disk("16.3GB")
    assert found.target.origin.kind == "estimated"
    assert "16.1 GB of its 16.3 GB" in found.reason
    assert "unmeasured" in found.reason


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ("[]", "history is not known"),
        ("[{instruction: RUN, detail: pip install, size: !disk 16.1GB}]", "nothing that is known"),
        (
            "[{instruction: COPY, whole_context: true, size: !disk 99MB}]",
            "nothing that is known",
        ),
        (
            "[{instruction: COPY, whole_context: true, size: !disk 1.6GB}]",
            "nothing that is known",
        ),
    ],
    ids=["unknown", "needed for all we know", "small", "a small share"],
)
def test_where_nothing_is_known_to_be_avoidable_there_is_no_target(
    layers: str, reason: str
) -> None:
    found = only(f"images: [{{tags: [core], size: !disk 16.3GB, layers: {layers}}}]")
    assert (found.target, found.whole_context) == (None, False)
    assert reason in found.reason


def test_only_images_of_our_own_are_compared_with_their_class() -> None:
    found = image_targets(
        snapshot_of("""
            services: [{name: core, build: {context: .}}, {name: llama, image: ollama/ollama}]
            images:
              - {tags: [shop-core:latest], size: !disk 1GB}
              - {tags: ["ollama/ollama:latest"], size: !disk 9GB}
        """)
    )
    assert [(each.image, each.benchmark is None) for each in found] == [
        ("ollama/ollama:latest", True),
        ("shop-core:latest", False),
    ]
    benchmark = found[1].benchmark
    assert benchmark is not None
    assert benchmark.origin.fact == "images/cuda-application-high"


_TWO = """
    images:
      - tags: [a]
        size: !disk 300MB
        layers:
          - {instruction: FROM, size: !disk 200MB, chain: x}
          - {instruction: RUN, size: !disk 100MB, chain: y}
      - tags: [b]
        size: !disk 250MB
        layers:
          - {instruction: FROM, size: !disk 200MB, chain: x}
          - {instruction: RUN, size: !disk 50MB, chain: z}
"""


def test_layers_in_common_count_once() -> None:
    snapshot = snapshot_of(_TWO)
    assert [each.shared for each in image_targets(snapshot)] == [disk("200MB")] * 2
    assert unique_bytes(snapshot.images) == disk("350MB")


@pytest.mark.parametrize("lost", [", chain: z", ", chain: x"])
def test_what_is_shared_is_unknown_where_a_layer_is_not_identified(lost: str) -> None:
    assert lost in _TWO
    snapshot = snapshot_of(_TWO.replace(lost, ""))
    assert {each.shared for each in image_targets(snapshot)} == {None}


def test_an_image_without_history_counts_whole() -> None:
    assert unique_bytes(snapshot_of("images: [{size: !disk 1GB}]").images) == disk("1GB")


@pytest.mark.parametrize(
    ("service", "container", "image"),
    [
        ("image: redis", "", "tags: ['redis:latest']"),
        ("image: 'redis:7'", "", "tags: ['docker.io/library/redis:7']"),
        ("image: 'localhost:5000/redis'", "", "tags: ['localhost:5000/redis:latest']"),
        ("build: {context: .}", "", "tags: ['shop-s:latest']"),
        ("build: {context: .}", "", "tags: [shop_s]"),
        ("image: other", "image_id: 'sha256:abcdef'", "id: abcdef"),
        ("image: other", "image_id: abc", "id: 'sha256:abcdef'"),
        ("replicas: 1", "image: redis", "tags: [redis]"),
    ],
)
def test_the_image_of_a_service_is_found(service: str, container: str, image: str) -> None:
    snapshot = snapshot_of(f"""
        services: [{{name: s, {service}}}]
        containers: [{{name: c, service: s, state: running{", " if container else ""}{container}}}]
        images: [{{tags: [another], size: 1}}, {{size: 1, {image}}}]
    """)
    assert images_by_service(snapshot)[snapshot.services[0].name] is snapshot.images[1]


@pytest.mark.parametrize("service", ["image: 'redis:6'", "image: 'my/redis'", "replicas: 1"])
def test_another_image_is_not_taken_for_it(service: str) -> None:
    snapshot = snapshot_of(f"""
        services: [{{name: s, {service}}}]
        containers: [{{name: c, service: s, state: running, image_id: ""}}]
        images: [{{tags: [redis], size: 1}}, {{size: 1}}]
    """)
    assert images_by_service(snapshot) == {}


_READ = """
    services: [{name: core, build: {context: .}}]
    images:
      - tags: [shop-core]
        size: !disk 1.1GB
        layers: [{instruction: COPY, whole_context: true, size: !disk 1.1GB, chain: a}]
        contents:
          read: folder
          size: !disk 1GB
          seen: !disk 900MB
          base: !disk 100MB
          base_image: debian:12
          dive: {efficiency: 0.8, wasted: !disk 200MB}
          reclaimable: [{cause: moved, size: !disk 100MB}]
          groups: {application: !disk 900MB}
          steps:
            - {kind: hidden, saves: !disk 100MB}
            - {kind: build-tools, saves: !disk 300MB, certainty: likely, names: [gcc], more: 4}
          target: !disk 600MB
          target_sure: !disk 900MB
          needs_glibc: true
          notes: [One layer has no name.]
"""


def test_a_scan_says_what_an_image_weighs_after_each_step() -> None:
    found = only(_READ)
    assert found.scanned
    assert found.size.value == disk("1GB")
    assert found.size.origin.kind == "measured"
    assert "in the engine's own folder" in found.size.origin.evidence
    assert [(each.saves.value, each.after.value) for each in found.steps] == [
        (disk("100MB"), disk("900MB")),
        (disk("300MB"), disk("600MB")),
    ]
    assert {each.after.origin.kind for each in found.steps} == {"estimated"}
    assert found.target is not None
    assert found.target_sure is not None
    assert (found.target.value, found.target_sure.value) == (disk("600MB"), disk("900MB"))
    assert found.target.origin.kind == "estimated"
    assert found.reason == (
        "After all steps it would weigh 600 MB instead of 1 GB. After those that are sure, 900 MB."
    )
    assert found.reclaimable is not None
    assert found.reclaimable.value == disk("100MB")
    assert found.base is not None
    assert (found.base.value, found.base_image) == (disk("100MB"), "debian:12")
    assert (found.steps[1].names, found.steps[1].more) == (("gcc",), 4)
    assert (found.needs_glibc, found.notes) == (True, ("One layer has no name.",))


def test_a_class_is_never_the_reason_of_a_target() -> None:
    found = only(_READ)
    assert found.benchmark is not None
    for number in (found.target, found.target_sure, *(each.after for each in found.steps)):
        assert number is not None
        assert number.origin.fact is None


@pytest.mark.parametrize(
    ("old", "new", "reason", "known"),
    [
        ("target: !disk 600MB", "", "could not be told", False),
        ("target: !disk 600MB", "target: !disk 1GB", "known to be avoidable", True),
        ("target_sure: !disk 900MB", "", "it would weigh 600 MB instead of 1 GB.", True),
    ],
    ids=["no target", "nothing to save", "nothing is sure"],
)
def test_what_is_not_known_of_a_target_is_said(
    old: str, new: str, reason: str, known: bool
) -> None:
    assert old in _READ
    found = only(_READ.replace(old, new))
    assert reason in found.reason
    assert (found.target is not None) is known


@pytest.mark.parametrize("kind", sorted(STEP_TEXTS))
def test_every_kind_of_step_has_its_words(kind: StepKind) -> None:
    text = STEP_TEXTS[kind]
    assert text.what[0].isupper()
    assert text.could_break.endswith(".")
    assert max(len(each.split()) for each in text.could_break.split(". ")) <= 20


def test_there_are_words_for_all_kinds() -> None:
    assert set(STEP_TEXTS) == set(get_args(StepKind))
    assert set(GROUP_MEANINGS) == set(GROUPS) == set(get_args(Group))
    assert set(CAUSES) == set(get_args(Cause))


_WEIGHT = """
    read: engine
    size: 1000
    seen: 900
    dive: {efficiency: 1, wasted: 0}
    layers:
      - {size: 500, groups: {version-control: 7, build-tools: 90}, base: true, instruction: COPY}
      - {size: 200, groups: {version-control: 20, model-weights: 30}, instruction: COPY}
      - {size: 300, groups: {version-control: 4, model-weights: 50, build-tools: 60}}
"""


def contents(text: str) -> ImageContents:
    return ImageContents.model_validate(read_yaml(text))


def test_models_count_as_copied_only_where_a_copy_brought_them() -> None:
    assert copied_weight(contents(_WEIGHT)) == {"model-weights": 30, "version-control": 24}


@pytest.mark.parametrize(
    ("cause", "layers", "models"),
    [("chown copy", [2], 80), ("moved", [2, 3], 80), ("rewritten", [2], 30), ("moved", [1, 3], 30)],
)
def test_models_count_too_where_a_later_layer_holds_the_copy_again(
    cause: str, layers: list[int], models: int
) -> None:
    more = f"    reclaimable: [{{cause: {cause}, size: 1, layers: {layers}}}]"
    assert copied_weight(contents(_WEIGHT + more))["model-weights"] == models


def test_what_could_not_be_planned_is_what_lies_above_the_base() -> None:
    found = avoidable(contents(_WEIGHT), "build-tools", "build-tools")
    assert (found.size, found.likely, found.names) == (60, True, ())


def test_what_was_planned_is_what_the_steps_save() -> None:
    more = """
    target: 900
    steps:
      - {kind: build-tools, saves: 40, names: [gcc]}
      - {kind: caches, saves: 5}
      - {kind: build-tools, saves: 2, names: [make], certainty: likely}
    """
    found = avoidable(contents(_WEIGHT + more), "build-tools", "build-tools")
    assert (found.size, found.likely, found.names) == (42, True, ("gcc", "make"))
    assert avoidable(contents(_WEIGHT + more), "cuda", "build-tools").size == 0


def test_what_is_not_shared_and_what_is_make_up_the_image() -> None:
    for each in image_targets(snapshot_of(_TWO)):
        assert each.alone is not None
        assert each.shared is not None
        assert each.alone + each.shared == each.size.value


def test_the_base_is_an_image_whose_layers_are_all_below() -> None:
    found = {
        each.image: each
        for each in image_targets(
            snapshot_of(
                _TWO
                + """
      - tags: [c]
        size: !disk 200MB
        layers: [{instruction: FROM, size: !disk 200MB, chain: x}]
"""
            )
        )
    }
    for name in ("a", "b"):
        base = found[name].base
        assert base is not None
        assert (base.value, found[name].base_image) == (disk("200MB"), "c")
    assert found["c"].base is None


def test_hidden_bytes_of_the_base_are_left_out() -> None:
    found = contents("""
        read: engine
        size: 10
        seen: 3
        dive: {efficiency: 1, wasted: 0}
        layers: [{size: 5, hidden: 5, base: true}, {size: 5, hidden: 2}]
    """)
    assert hidden_above_base(found) == Bytes(2)
