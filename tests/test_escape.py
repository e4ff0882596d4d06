"""Text from a snapshot stays text, in every place where a page may put it."""

from __future__ import annotations

import json
from functools import cache

import markdown
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from hcreport.render.escape import code, code_block, escape, link_target, plain, visible
from hcreport.render.marker import is_generated, marked
from tests.pages_case import markdown_settings, structure

HARMLESS = "harmless"

# Every place a template uses, all in one document so that one text can also disturb another.
PLACES = """\
# {text}

{text}
{{: .hc-context }}

{text} with *words* after it, and {text}

Before {text}

- {text}
    - below {text}
- [ ]{text}

1. {text}

| head | {text} |
| --- | ---: |
| {text} | a {text} b |
| [{text}](page.md#place) | {code} |

## {text}

### {text} {{: #place }}

!!! note "{text}"

    {text}

    {block}

??? success "Passed: {text}"

    - [{text}](page.md): {text} ({text})

**{text}** and *{text}* and <span class="x">{text}</span>: {code}

{block}

<figure class="hc-chart">
<svg role="img"><title id="t">{text}</title><desc>{text}</desc><text x="0">{text}</text></svg>
<figcaption>{text}</figcaption>
</figure>

<ol class="hc-steps" markdown="1">
<li id="step-1" markdown="block">
<input type="checkbox" id="box-1"> <label for="box-1">{text}</label> <span>takes minutes</span>

{block}

{text}

[Why](page.md#{{}}){{: .hc-why }}

</li>
</ol>

{text}
"""

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "</title></svg></figure>",
    "</pre></code></li></ol>",
    "<!-- comment -->",
    "<!-- open",
    "<?php x ?>",
    "<![CDATA[x]]>",
    "<!DOCTYPE html>",
    "&lt;b&gt; &amp; &#60; &#x3c; &nbsp;",
    "**bold** __bold__ *it* _it_",
    "~~gone~~ ^up^ ==mark==",
    "`code` ``code`` `",
    "```python\nx\n```",
    "~~~\nx\n~~~",
    "``` {.x #y}",
    "[link](javascript:alert(1))",
    "![image](https://e.example/x.png)",
    "[a]: https://e.example 'title'",
    "[text][a] [a]",
    "<https://e.example> <a@e.example>",
    "https://e.example/ www.e.example a@e.example",
    "# heading",
    "heading\n===",
    "heading\n---",
    "***",
    "---\ntitle: x\n---",
    "---",
    "> quote",
    "- item\n* item\n+ item",
    "1. one\n2) two",
    "- [ ] open\n- [x] done",
    "    indented code",
    "\tindented code",
    "a | b | c",
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "!!! danger \"x\"",
    "!!! x",
    "??? note \"x\"",
    "???+ note",
    "=== \"tab\"",
    "/// details | x\n///",
    ":smile: :material-alert:",
    "{: #id .class onclick=x }",
    "{#id .class}",
    "{{ 7*7 }} {% raw %} {# x #}",
    "*[HTML]: abbreviation",
    "[^1] [^1]: footnote",
    "term\n:   definition",
    "$x$ $$x$$ \\(x\\)",
    "--8<-- \"file\"",
    "[TOC]",
    "#!python x",
    "++ctrl+alt++",
    "(c) (tm) -- --- ... 1/2",
    "a\\*b \\ \\\\",
    "line one  \nline two",
    "para one\n\npara two",
    "\r\nwindows\rmac\u2028line\u2029para\x85next",
    "\u202eevil\u2066\u200b\u200f\ufeff\u00ad",
    "\x00\x01\x02\x03\x07\x08\x1b[31mred\x7f\x9b",
    "\x02klzzwxh:0001\x03 wzxhzdk:0",
    "\ud800 lone \udfff",
    "\uffff\ufdd0\U0001ffff",
    "e\u0301 \u00a0 日本語 👩‍💻 ß",
    "x" * 5_000,
    "*" * 300,
    "[" * 300,
    "a_b_c-d.e/f:g, h",
    "-1.5 .5 5. , ,x",
    " ",
    "  x  ",
    "index",
)  # fmt: skip


@cache
def _converter() -> markdown.Markdown:
    return markdown.Markdown(**markdown_settings())


def _document(text: str) -> str:
    """Return the HTML of every place with a text in it."""
    page = PLACES.format(text=escape(text), code=code(text), block=code_block(text))
    converter = _converter()
    converter.reset()
    return converter.convert(page)


@cache
def _harmless() -> tuple[list[str], str]:
    found = structure(_document(HARMLESS))
    return found.tags, found.joined


def _stays_text(text: str) -> None:
    tags, words = _harmless()
    found = structure(_document(text))
    assert found.tags == tags
    assert found.joined == words.replace(HARMLESS, visible(text))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_hostile_text_stays_text(text: str) -> None:
    # A block of commands keeps no empty line at its ends, so neither does this comparison.
    _stays_text(text.strip("\n"))


def test_the_corpus_is_large_enough_and_would_do_harm() -> None:
    assert len(HOSTILE) >= 40
    harmful = 0
    for text in HOSTILE:
        converter = _converter()
        converter.reset()
        block = f"<pre><code>{text}</code></pre>"
        html = converter.convert(PLACES.format(text=text, code=f"<code>{text}</code>", block=block))
        harmful += structure(html).tags != _harmless()[0]
    assert harmful >= 40


_NASTY = st.text(alphabet="#*_-+=`~!?|<>[](){}:&;\"'\\/.,^$%@ \n\t019ax", min_size=1)

_ANY = st.text(st.characters(exclude_categories=()), min_size=1)

_MIXED = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("".join)


@example("1.")
@example("a - b")
@settings(deadline=None)
@given(st.one_of(_NASTY, _ANY, _MIXED))
def test_any_text_stays_text(text: str) -> None:
    text = text.strip("\r\n\u2028\u2029")
    if visible(text).strip("\n"):
        _stays_text(visible(text).strip("\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agent-frontend", "agent-frontend"),
        ("ollama/ollama", "ollama/ollama"),
        ("1.86 GiB, more", "1.86 GiB, more"),
        ("a_b", "a&#95;b"),
        ("1. x", "1&#46; x"),
        ("a--b", "a&#45;&#45;b"),
        (" a  b ", "&#32;a&#32;&#32;b&#32;"),
        ("a\r\nb", "a&#10;b"),
        ("\u202ex\x1b", "x"),
        ("\ud800", "&#65533;"),
        ("ü", "&#252;"),
        (512, "512"),
        (Markup("<b>"), "<b>"),
    ],
)
def test_what_is_replaced(text: object, expected: str) -> None:
    assert escape(text) == expected


@pytest.mark.parametrize("value", [None, True, False])
def test_what_is_missing_is_said_in_words(value: object) -> None:
    with pytest.raises(TypeError, match="in words"):
        escape(value)


@settings(deadline=None)
@given(st.one_of(_NASTY, _ANY, _MIXED))
@example("</title><script>alert(1)</script>")
@example("&lt;/title&gt;")
def test_front_matter_is_yaml_and_means_nothing_to_html(text: str) -> None:
    title = plain(text)
    assert not set(title) & set("<>&\"'\n\r")
    page = marked(f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---", "body\n")
    loaded = list(yaml.safe_load_all(page.split("\n<!--")[0] + "\n"))
    assert loaded[0] == {"title": title}
    assert is_generated(page)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://e.example/a_b?c=d&e#f", "https://e.example/a_b?c=d&e#f"),
        ("https://e.example/a(b)*[c] d", "https://e.example/a%28b%29%2A%5Bc%5D%20d"),
        ('https://e.example/"onclick', "https://e.example/%22onclick"),
    ],
)
def test_link_targets(address: str, expected: str) -> None:
    assert link_target(address) == expected


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:x", "//e.example", "x", "https:"])
def test_only_web_addresses_are_linked(address: str) -> None:
    with pytest.raises(ValueError, match="not a web address"):
        link_target(address)
