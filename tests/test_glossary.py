"""The glossary: one source of words, and a link to it where a page first uses one."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

import markdown
import pytest
from markupsafe import Markup

from hcreport.errors import BuildError
from hcreport.render.glossary import PAGE, PageTerms, Term, glossary
from hcreport.render.templating import render_template
from hcreport.units import GB, GIB
from tests.consistency.templates import Template, templates
from tests.pages_case import SNAPSHOTS, markdown_settings, pages, structure

# Words that a reader has to know to understand a verdict or a step.
IMPORTANT = (
    "build context",
    "exit code",
    "GiB",
    "health check",
    "KV cache",
    "layer",
    "memory limit",
    "not measured",
    "page cache",
    "scenario",
    "snapshot",
)

OURS = ("assessment.md", "index.md", "services/index.md")
"""Pages whose own sentences link every important word that they use."""


@cache
def html_of(name: str, page: str) -> str:
    """Return a page of a snapshot as HTML."""
    body = pages(name)[page].split("\n---\n", maxsplit=1)[1]
    return markdown.markdown(body, **markdown_settings())


def links(page: str) -> list[tuple[str, str]]:
    """Return anchor and title of each link to the glossary on a page."""
    found = re.findall(rf'\]\((?:\.\./)*{re.escape(PAGE)}#([a-z0-9-]+) "([^"]*)"\)', page)
    return [(anchor, html.unescape(title)) for anchor, title in found]


def test_terms_are_sorted_and_each_name_is_one_term() -> None:
    terms = [each.term.lower() for each in glossary()]
    assert terms == sorted(terms)
    names = [name for each in glossary() for name in each.names]
    assert len(names) == len(set(names))
    anchors = [each.anchor for each in glossary()]
    assert len(anchors) == len(set(anchors))
    assert all(re.fullmatch(r"[a-z0-9-]+", each) for each in anchors)


@pytest.mark.parametrize("each", glossary(), ids=lambda term: term.anchor)
def test_a_term_is_explained_in_one_short_sentence_and_some_more(each: Term) -> None:
    for sentence in re.split(r"(?<=\.) ", f"{each.short} {each.more}".strip()):
        assert sentence.endswith(".")
        assert len(sentence.split()) <= 20
    assert each.short.count(". ") == 0
    assert not each.short.lower().startswith(each.term.lower()), "a word does not explain itself"


def test_numbers_of_the_glossary_are_those_of_the_units() -> None:
    text = " ".join(f"{each.short} {each.more}" for each in glossary())
    assert f"1 GB is {GB:,} bytes. 1 GiB is {GIB:,} bytes." in text
    known = ["0.5", "0", "137", "1", f"{GB:,}", "1", f"{GIB:,}"]
    assert re.findall(r"(?<!\w)\d[\d,.]*\d|(?<!\w)\d", text) == known


def test_the_page_holds_every_term_with_all_that_is_said_of_it() -> None:
    page = structure(html_of("tiny", PAGE))
    anchors = {attributes.get("id") for tag, attributes in page.elements if tag == "h2"}
    assert anchors == {each.anchor for each in glossary()}
    for each in glossary():
        assert f"{each.short} {each.more}".strip() in page.joined


def test_only_the_first_mention_is_a_link() -> None:
    term = PageTerms(Markup("../"))
    first = term("KV cache")
    assert str(first).startswith('[KV cache](../glossary.md#kv-cache "What a language model')
    assert str(term("KV cache", "caches")) == "caches"
    assert str(term("gib", "GiB")).startswith("[GiB](../glossary.md#gb-and-gib")


def test_a_mention_inside_a_text_is_a_whole_word_and_the_rest_is_harmless() -> None:
    hostile = "[x](y) needs 5 GiB, not 5 GiBs, and 6 GiB"
    found = markdown.markdown(str(PageTerms(Markup()).within(hostile, "GiB")))
    assert structure(found).joined == hostile
    assert [attributes["href"] for tag, attributes in structure(found).elements if tag == "a"] == [
        "glossary.md#gb-and-gib"
    ]
    assert str(PageTerms(Markup()).within("5 GiBs", "GiB")) == "5 GiBs"


def test_an_unknown_term_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.md.j2").write_text('one\n{{ term("gibbibyte") }}\n', encoding="utf-8")
    with pytest.raises(BuildError, match=r"x\.md\.j2, line 2,.*no term 'gibbibyte'"):
        render_template([tmp_path], "x.md.j2", {"term": PageTerms(Markup())})


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_page_explains_a_word_once_and_as_the_glossary_does(name: str) -> None:
    known = {each.anchor: each.short for each in glossary()}
    for path, page in pages(name).items():
        found = links(page)
        anchors = [anchor for anchor, _ in found]
        assert len(anchors) == len(set(anchors)), path
        assert all(known[anchor] == title for anchor, title in found), path
        if path != PAGE:
            assert "snapshot" in anchors, path


@pytest.mark.parametrize("name", sorted(templates()))
def test_templates_name_terms_that_exist(name: str) -> None:
    names = {each for term in glossary() for each in term.names}
    for used in re.findall(r'\bterm\(\s*"([^"]+)"', templates()[name].source):
        assert used.lower() in names
    for used in re.findall(r'\bterm\.within\([^"]*"([^"]+)"\)', templates()[name].source):
        assert used.lower() in names


def mentions(template: Template, word: str) -> list[int]:
    """Return the lines of a template's own sentences that use a word; a link explains itself."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", re.IGNORECASE)
    return [
        number
        for number, line in enumerate(
            re.sub(r"\[[^\]]*\]", "", template.prose).splitlines(), start=1
        )
        if pattern.search(line) and not line.lstrip().startswith(("#", "|", "<"))
    ]


@pytest.mark.parametrize("page", OURS)
@pytest.mark.parametrize("word", IMPORTANT)
def test_the_first_use_of_an_important_word_is_explained(page: str, word: str) -> None:
    template = templates()[f"{page}.j2"]
    explained = [
        template.source.count("\n", 0, found.start()) + 1
        for found in re.finditer(
            rf'\bterm(?:\.within)?\([^}}]*"{re.escape(word)}"', template.source
        )
    ]
    in_base = re.search(rf'"{re.escape(word)}"', templates()["base.md.j2"].source)
    used = mentions(template, word)
    assert not used or in_base or (explained and explained[0] <= used[0]), used
