"""Image targets: only what the history shows, shared layers once, and never a promise."""

from __future__ import annotations

import pytest

from hcreport.estimate.images import image_targets, images_by_service, unique_bytes
from hcreport.model import ImageTarget
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
