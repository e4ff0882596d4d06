"""The checks of our words notice a planted fault, and leave a good text alone."""

from __future__ import annotations

import pytest

from tests.words import found, wording
from tests.words.garbled import garbled
from tests.words.programs import python_texts, script_texts
from tests.words.reading import read
from tests.words.sentences import CODE, measured, sentences, syllables, without_lists, words

LONG = " ".join(["word"] * 31)

TEXTS = [
    ("It works out of the box.", "idioms"),
    ("It works out-of-the-box.", "idioms"),
    ("Under the hood it calls Docker.", "idioms"),
    ("It all boiled down to one layer.", "idioms"),
    ("A sanity check follows.", "idioms"),
    ("The build copies it on the fly.", "idioms"),
    ("The disk is the bottleneck.", "idioms"),
    ("Docker does the heavy lifting.", "idioms"),
    ("The index has to be taken into account.", "idioms"),
    ("A service, e.g. the database, stops.", "latin"),
    ("Databases, caches, etc. stop.", "latin"),
    ("It is read via the engine.", "latin"),
    ("Simply start it again.", "filler"),
    ("Just start it again.", "filler"),
    ("It is easy to start.", "filler"),
    ("This is obviously too much.", "filler"),
    ("Stop it immediately.", "tone"),
    ("Do this right now.", "tone"),
    ("This is a catastrophic use of memory.", "tone"),
    ("A great result.", "tone"),
    ("You forgot the limit.", "tone"),
    ("Watch out!", "exclamation mark"),
    ("All is well \u2705", "picture"),
    ("\U0001f680 Start", "picture"),
    (f"{LONG}.", "31 words"),
    (f"Short words; {LONG[:-5]}.", "32 words"),
    ("It is above large_bytes.", "code word"),
    ("That is 5 % of 20 % of the memory.", "percent of percent"),
]

GOOD = [
    "The image `python:3.12` holds 1.86 GiB. It was built with Compose 2.30 from compose.yaml.",
    "Adjust the limit, and start it again.",
    "The greatest limit is 2 GiB; nothing needs more.",
    "A box of the engine's own",
    "It differs by 5 % from the memory, and 20 % are free.",
    f"The rule {CODE} has a threshold.",
    "It counts where a != b holds.",
]


@pytest.mark.parametrize(("text", "kind"), TEXTS)
def test_a_fault_in_a_text_is_noticed(text: str, kind: str) -> None:
    assert {each.kind for each in wording.complaints(text)} == {kind}


@pytest.mark.parametrize("text", GOOD)
def test_a_good_text_is_left_alone(text: str) -> None:
    assert list(wording.complaints(text)) == []


def test_a_name_of_the_snapshot_may_look_like_code() -> None:
    assert list(wording.complaints("The volume shop_data is large.", known={"shop_data"})) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("It has 0.30 of 1.5 GiB. It ends.", ["It has 0.30 of 1.5 GiB.", "It ends."]),
        ("See compose.yaml in docs/a.md. Then go.", ["See compose.yaml in docs/a.md.", "Then go."]),
        ("A cache, e.g. Redis, stays.", ["A cache, e.g. Redis, stays."]),
        ("About 5 min. max. each time.", ["About 5 min. max. each time."]),
        ("Effect: 2 GiB more are free.", ["Effect:", "2 GiB more are free."]),
        ("It worked if: it prints 2.", ["It worked if:", "it prints 2."]),
        (
            "Give Docker more memory: the page says how; then start.",
            ["Give Docker more memory:", "the page says how; then start."],
        ),
        (
            "The rule asks about two of them: a and b.",
            ["The rule asks about two of them: a and b."],
        ),
        ("1. Stop it. Start it.", ["Stop it.", "Start it."]),
        ("- A point", ["A point"]),
        ("shop · snapshot of 6 May", ["shop", "snapshot of 6 May"]),
        ("(It is one.) Another.", ["(It is one.)", "Another."]),
        ("It said “no.” Why?", ["It said “no.”", "Why?"]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_a_sentence_ends(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


def test_numbers_and_code_are_words_and_signs_are_not() -> None:
    assert len(words(f"It needs 1.86 GiB – more than {CODE} · has →")) == 8


def test_a_list_of_names_is_one_word() -> None:
    names = {"core", "redis", "db", "db-copy"}
    text = "These stop: core, redis, db-copy and 3 more; core and db wait, and core runs."
    assert without_lists(text, names) == "These stop: names; names wait, and core runs."
    assert without_lists(text, ()) == text


@pytest.mark.parametrize(
    ("word", "count"),
    [
        *(("memory", 3), ("engine", 2), ("used", 1), ("needed", 2), ("table", 2), ("file", 1)),
        *(("services", 3), ("sizes", 2), ("image", 2), ("1.86", 1), (CODE, 1), ("unhealthy", 3)),
    ],
)
def test_syllables_are_about_right(word: str, count: int) -> None:
    assert syllables(word) == count


def test_long_words_and_sentences_are_harder_to_read() -> None:
    plain = measured(["The cat sat on the mat. It was a good cat."])
    hard = measured(
        ["Notwithstanding considerable organisational difficulties, implementation continued."]
    )
    assert plain.grade < 2
    assert hard.grade > 15
    assert plain.average == pytest.approx(5.5)
    assert measured([]).grade == measured([]).average == 0


def table(head: str, *cells: str) -> str:
    """Return a table of one column."""
    rows = "".join(f"<tr><td>{each}</td></tr>" for each in cells)
    return f"<table><tr><th>{head}</th></tr>{rows}</table>"


@pytest.mark.parametrize(
    ("html", "kinds"),
    [
        ("<h2>Memory of the engine.</h2>", {"end of a heading"}),
        ("<h2>Memory Of The Engine</h2>", {"capital in a heading"}),
        ("<h2>Memory of Docker Desktop on Windows</h2>", set()),
        ("<h2>Rule: Memory is short</h2>", set()),
        ('<p><a href="a.md">Here</a></p>', {"link"}),
        ('<p><a href="a.md">read more</a></p>', {"link"}),
        ('<p><a href="a.md"></a></p>', {"link"}),
        ('<p><a href="a.md">Limits</a> <a href="b.md">limits</a></p>', {"link to several"}),
        ('<p><a href="a.md">Limits</a> <a href="a.md">limits</a></p>', set()),
        ('<p><a href="a.md">Limits</a> <a href="#a">Sizes</a></p>', set()),
        ('<p><a href="page.md#x">Limits</a> <a href="#x">limits</a></p>', set()),
        ('<p><a href="a.md">measured</a> <a href="b.md">measured</a></p>', set()),
        (table("Size", "2 GiB", "3 GB"), {"two families"}),
        (table("Size", "2 GiB", "3 GiB (3.2 GB)"), set()),
        (table("Size", "2 GiB", "300 MiB"), set()),
        (table("Size", "2 GiB") + table("Size", "3 GB"), set()),
        (table("Finding", "It needs 2 GiB.", "It weighs 3 GB."), set()),
        ("<p>You should NEVER stop it.</p>", {"capitals"}),
        ("<p>The CPU and two URLs, and the OOM.</p>", {"capitals"}),
        ("<p>The CPU and two URLs, and the WSL.</p>", set()),
        ('<p><img alt="A great chart" src="a.svg"></p>', {"tone"}),
        ('<p data-done="Simply go on">x</p>', {"filler"}),
        ("<p>Run <code>just simply NEVER!</code> it</p>", set()),
        ("<pre><code>just simply NEVER!</code></pre>", set()),
        ('<p><span aria-hidden="true">!</span> High</p>', set()),
        (f"<table><tr><td>{LONG}</td></tr></table>", {"31 words"}),
        (f"<ul><li>{LONG}</li><li>a b</li></ul>", {"31 words"}),
        (f"<svg><desc>{LONG}</desc></svg>", {"31 words"}),
        (f"<svg><desc>{LONG[:70]}; {LONG[:70]}; {LONG[:70]}</desc></svg>", set()),
        (f"<p>{'word ' * 21}.</p>", {"average"}),
        (f"<p>{'word ' * 21}. {'word ' * 18}.</p>", set()),
    ],
)  # fmt: skip
def test_a_fault_on_a_page_is_noticed(html: str, kinds: set[str]) -> None:
    explained = frozenset({"WSL"})
    complaints = found.on_page("page.md", read(html), frozenset(), frozenset(), explained)
    assert {each.kind for each in complaints} == kinds


def test_html_is_read_as_a_reader_does() -> None:
    page = read(
        '<h1 id="a">Title<a class="headerlink" href="#a">¶</a></h1>'
        "<p>One <b>bold</b> word<br>Two</p>"
        "<ul><li>Point<ul><li>Inner</li></ul></li></ul>"
        "<table><thead><tr><th>Head</th></tr></thead><tbody><tr><td><p>A</p><p>B</p></td></tr></tbody>"
        "</table><label>Name</label>"
    )
    assert [(each.kind, each.text) for each in page.passages] == [
        ("heading", "Title"),
        ("paragraph", "One bold word"),
        ("paragraph", "Two"),
        ("item", "Point"),
        ("item", "Inner"),
        ("cell", "Head"),
        ("cell", "A"),
        ("cell", "B"),
        ("label", "Name"),
    ]
    assert page.tables[0].rows == [["Head"], ["AB"]]
    assert page.links == []


@pytest.mark.parametrize(
    "text",
    [
        *("caf\u00c3\u00a9", "it\u00e2\u20ac\u2122s", "a \u00e2\u20ac\u201c b", "5\u00c2\u00a0GiB"),
        *("5\u00c2 GiB", "\u00ef\u00bb\u00bfText", "\ufeffText", "a\ufffdb", "a\x00b", "a\x1bb"),
        *(
            "a\x85b",
            "a\u200bb",
            "a\u202eb",
            "\u00e2\u2013\u00a0 Critical",
            "\u00f0\u0178\u009a\u20ac",
        ),
    ],
)
def test_a_text_read_in_a_wrong_encoding_is_noticed(text: str) -> None:
    assert list(garbled(text))


@pytest.mark.parametrize(
    "text",
    [
        *("café", "it’s – “so”…", "± 0.005 GiB", "2 × 3 → 6", "■ ▲ ◆ ● ✓ ?", "A\tB\nC", "naïveté"),
        *("Å Ä Ö Ü ß", "„Größe“", "50 % · 3 µs", "5\u00a0GiB"),
    ],
)
def test_a_text_beyond_ascii_is_left_alone(text: str) -> None:
    assert list(garbled(text)) == []


def test_sentences_in_programs_are_found() -> None:
    source = (
        '"""A docstring is simply not asked."""\n'
        "KEY = 'memory_total'\n"
        "def f(name):\n"
        '    raise E(f"The file {name} is just wrong, see `x y`.", hint="Do it now.")\n'
        'P = re.compile("a b c d")\n'
    )
    assert list(python_texts(source)) == [
        (4, f"The file {CODE} is just wrong, see {CODE}."),
        (4, "Do it now."),
    ]
    script = '// Just a note\nshow("All is done here");\nx = "a-b"; y = `Step ${n} is well done`;\n'
    assert list(script_texts(script)) == [
        (2, "All is done here"),
        (3, f"Step {CODE} is well done"),
    ]
