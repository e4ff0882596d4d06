"""The pages of images: one for each, sums that add up, words for what is not known."""

from __future__ import annotations

import re

import pytest

from hcreport.analyze import analyze
from hcreport.model import Snapshot
from hcreport.render.images import LAYERS_SHOWN, ImageView, image_path, image_views, lone_contexts
from hcreport.render.pages import render_pages
from tests.fragments import snapshot_of
from tests.pages_case import SNAPSHOTS, assessed, pages, structure

LONGEST_SENTENCE = 20


def views(snapshot: Snapshot) -> dict[str, ImageView]:
    return {each.target.image: each for each in image_views(snapshot, analyze(snapshot))}


def view(name: str) -> ImageView:
    found = {each.target.image: each for each in image_views(*assessed("images"))}
    return found[name]


def page(name: str) -> str:
    return pages("images")[view(name).path]


def text(page: str) -> str:
    """Return what a reader sees of a page: tags gone, references resolved."""
    return structure(page.split("-->\n", maxsplit=1)[1]).joined


def test_the_layers_of_the_example_add_up() -> None:
    """The snapshot was written by hand: its own sums must hold before anything rests on them."""
    for image in assessed("images")[0].images:
        held = image.contents
        if held is None:
            continue
        assert sum(each.size for each in held.layers) == held.size
        assert sum(each.hidden for each in held.layers) == held.size - held.seen
        assert sum(each.size for each in held.reclaimable) == held.size - held.seen
        assert sum(held.groups.values()) == held.seen
        if held.target is not None:
            assert held.size - sum(each.saves for each in held.steps) == held.target


def test_steps_come_with_the_size_after_each_and_what_could_break() -> None:
    found = text(page("shop-api"))
    rows = [line for line in found.splitlines() if re.match(r"\| \d\. ", line)]
    assert [re.findall(r"[\d.]+ [MG]B", row)[:2] for row in rows] == [
        ["585 MB", "3.39 GB"],
        ["1.46 GB", "1.93 GB"],
        ["319 MB", "1.61 GB"],
        ["677 MB", "935 MB"],
        ["248 MB", "687 MB"],
    ]
    assert [row.split(" | ")[3] for row in rows] == ["Sure", "Sure", "Sure", "Likely", "Likely"]
    assert all(row.split(" | ")[4].strip(" |") for row in rows)
    assert "make and 62 more" in found


def test_the_change_is_one_command_away() -> None:
    found = text(page("shop-api"))
    assert "hcreport image shop-api --context api --write api" in found
    assert "docker build -f api/Dockerfile.small -t shop-api-small api" in found


def test_an_image_that_others_build_gets_no_command_to_build_it() -> None:
    found = text(page("redis:7"))
    assert "--write" not in found
    assert "Alpine" not in found


def test_alpine_is_refused_where_glibc_is_needed() -> None:
    assert "A base of Alpine will not do" in text(page("shop-api"))


@pytest.mark.parametrize(
    ("needs", "words"), [("false", "a base of Alpine may do"), ("null", "was not measured")]
)
def test_alpine_is_named_only_where_nothing_needs_glibc(needs: str, words: str) -> None:
    snapshot = snapshot_of(f"""
        services: [{{name: web, build: {{}}}}]
        images:
          - tags: [shop-web]
            size: 10
            contents:
              {{read: engine, size: 10, seen: 10, dive: {{efficiency: 1, wasted: 0}}, target: 10,
                needs_glibc: {needs}}}
    """)
    found = text(render_pages(snapshot, analyze(snapshot))["images/shop-web.md"])
    assert words in found
    assert "No step is known" in found


def test_groups_and_causes_end_in_their_sum() -> None:
    found = text(page("shop-api"))
    assert "**What a container sees** | **2.52 GB**" in found
    assert "**Together** | **1.46 GB**" in found
    assert "efficiency of 62.1 %" in found


def test_the_lines_for_the_ignore_file_stand_in_a_block() -> None:
    assert "<pre><code>&#46;git&#10;&#42;&#42;&#47;" in page("shop-api")
    found = text(page("shop-api"))
    assert "Layer 5 (COPY) copies the whole of it" in found
    assert "With the sure ones alone it is 276 MB" in found
    assert "No line is known that would keep more out" in text(page("shop-web"))


def test_a_context_without_a_known_image_stands_on_the_page_of_all_images() -> None:
    snapshot, _ = assessed("images")
    assert [each.name for each in lone_contexts(snapshot)] == ["jobs"]
    assert "Build context of jobs" in text(pages("images")["images.md"])
    assert "Build context of api" not in text(pages("images")["images.md"])


def test_an_image_whose_layers_were_not_read_says_why_and_how_to_read_them() -> None:
    found = text(page("postgres:16"))
    assert "The engine did not give it within 600 seconds" in found
    assert "hcreport collect --layers" in found
    assert "hcreport image postgres:16" in found
    assert "The largest layer is number 2. It holds 355 MB" in found
    assert "Steps to a smaller image" not in found


def test_every_image_has_its_place_and_is_linked_from_it() -> None:
    everything = pages("images")
    for each in image_views(*assessed("images")):
        assert f"]({each.path})" in everything["images.md"]
        assert f"{{: #{each.anchor} }}" in everything["images.md"]
        assert f"](../images.md#{each.anchor})" in everything[each.path]
    assert "../images/shop-api.md" in everything["services/api.md"]


def test_a_finding_about_a_service_of_the_same_name_is_not_one_about_the_image() -> None:
    snapshot = snapshot_of("""
        engine: {memory_total: 1000}
        services: [{name: core, image: core, build: {context: .}, limits: {memory: 2000}}]
        contexts: [{services: [core], path: ., sent: 9000000000, advised: [data], leaves: 0}]
        images: [{tags: [core], size: 4000000000}]
    """)
    assessment = analyze(snapshot)
    assert "limit-above-engine" in {each.rule for each in assessment.findings}
    assert {each.subject for each in assessment.findings} >= {"core"}
    (found,) = image_views(snapshot, assessment)
    assert {each.rule for each in found.findings} == {
        "image-above-class",
        "build-context-too-large",
    }


def test_the_example_claims_no_scan() -> None:
    found = text(pages("hypercode")["images/hypercode-core.md"])
    assert "16.3 GB" in found
    assert "its layers were not read" in found
    assert "In a layer, but not seen" not in found
    assert "Steps to a smaller image" not in found


def test_paths_are_never_shared() -> None:
    names = ("index", "Index", "a", "a.2", "a-2", "x" * 90)
    paths = [image_path(name) for name in names] + [image_path("a", 2), image_path("a", 3)]
    assert len(set(paths)) == len(paths)
    assert "images/index.md" not in paths
    twins = snapshot_of("images: [{tags: [a], size: 2}, {tags: [a], size: 1}]")
    found = image_views(twins, analyze(twins))
    assert len({each.path for each in found}) == len({each.anchor for each in found}) == 2


def test_many_layers_are_cut_with_a_sum() -> None:
    layers = ", ".join(
        f"{{instruction: RUN, size: {size}, chain: c{size}}}"
        for size in range(1, LAYERS_SHOWN + 11)
    )
    found = views(snapshot_of(f"images: [{{tags: [a], size: 820, layers: [{layers}]}}]"))["a"]
    assert len(found.layers) == LAYERS_SHOWN
    assert [each.number for each in found.layers] == list(range(11, LAYERS_SHOWN + 11))
    assert found.rest == "10 more layers hold 55 B together."
    assert found.layers_chart is not None


def test_layers_read_and_recorded_are_joined_only_where_their_number_agrees() -> None:
    text = """
        images:
          - tags: [a]
            size: 3
            layers:
              - {{instruction: FROM, size: 1, chain: x}}
              - {{instruction: ENV, size: 0}}
              - {{instruction: RUN, detail: pip install, size: 2, chain: y}}
              {more}
            contents:
              read: archive
              size: 3
              seen: 2
              dive: {{efficiency: 1, wasted: 0}}
              layers: [{{size: 1, base: true, instruction: ADD}}, {{size: 2, hidden: 1}}]
    """
    same = views(snapshot_of(text.format(more="")))["a"].rows
    assert [(each.instruction, each.detail, each.base) for each in same] == [
        ("ADD", "", True),
        ("RUN", "pip install", False),
    ]
    other = views(snapshot_of(text.format(more="- {instruction: COPY, size: 4, chain: z}")))[
        "a"
    ].rows
    assert [(each.instruction, each.detail) for each in other] == [
        ("ADD", ""),
        ("Not recognised", ""),
    ]


def paragraphs(markdown: str) -> list[str]:
    """Return the lines of running text: no table, drawing, heading, block or front matter."""
    body = re.sub(r"<(figure|pre)\b.*?</\1>", "", markdown.split("-->\n", 1)[1], flags=re.DOTALL)
    return [
        line
        for line in structure(body).joined.splitlines()
        if line and not line.startswith(("|", "#", "{", "- "))
    ]


@pytest.mark.parametrize("name", ["hypercode", "images", "tiny", "watched"])
def test_sentences_are_short(name: str) -> None:
    for path, markdown in pages(name).items():
        if not path.startswith("images"):
            continue
        for line in paragraphs(markdown):
            if line.startswith("For comparison:"):  # a citation with its name and its range
                continue
            for sentence in re.split(r"(?<=[.:;])\s", re.sub(r"\]\([^)]*\)", "]", line)):
                assert len(sentence.split()) <= LONGEST_SENTENCE, (path, sentence)


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_every_drawing_has_its_hatch_and_its_words(name: str) -> None:
    for path, markdown in pages(name).items():
        if not path.startswith("images"):
            continue
        found = structure(markdown)
        identifiers = {each["id"] for _, each in found.elements if "id" in each}
        for tag, attributes in found.elements:
            fill = attributes.get("fill", "")
            if tag == "rect" and fill.startswith("url(#"):
                assert fill[5:-1] in identifiers, path
            hatched = "hc-hatched" in attributes.get("class", "").split()
            assert not hatched or fill, path
