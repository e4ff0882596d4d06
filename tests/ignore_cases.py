"""Ignore files, one tree of files, and which of these a build sends.

``tests/engine/test_context.py`` holds the table against real builds, and
``tests/test_context_ignore.py`` holds our own rules against the table where there is no engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = frozenset(
    {
        " lead",
        "!bang",
        "#note",
        ".env",
        ".env.local",
        ".hidden/x",
        "1.txt",
        "22.txt",
        "App.py",
        "Build/out.o",
        "Dockerfile",
        "Makefile",
        "README.md",
        "[x]",
        "a b.txt",
        "a+b.txt",
        "a.b",
        "aa",
        "app.py",
        "axb",
        "a{2}",
        "a|b",
        "back\\slash",
        "build/out.o",
        "docs/api/img.png",
        "docs/api/ref.md",
        "docs/index.md",
        "foo.d/x.log",
        "foo/bar/baz.txt",
        "foo/bar/keep.txt",
        "foo/keep.md",
        "foo/one.txt",
        "foobar",
        "line\nfeed",
        "logs/2024.log",
        "logs/old/2023.log",
        "node_modules/m/index.js",
        "src/main.py",
        "src/util/__pycache__/h.pyc",
        "src/util/helper.py",
        "star*",
        "sub/README.md",
        "sub/build/out.o",
        "tmp/a",
        "tmp/b/c",
        "web/node_modules/m/index.js",
        "é.txt",
    }
)
LINKS = {"link": "app.py", "linkdir": "docs"}
ALL = FILES | LINKS.keys() | {".dockerignore"}

Sent = frozenset[str] | None
"""What is sent; None where Docker refuses to build."""

REFUSED: Sent = None


def out(*names: str) -> Sent:
    """Return all files but some."""
    assert ALL.issuperset(names)
    return ALL.difference(names)


def kept(*names: str) -> Sent:
    """Return some files."""
    assert ALL.issuperset(names)
    return frozenset(names)


@dataclass(frozen=True)
class Case:
    """One ignore file, and what is sent with it."""

    name: str
    text: str
    sent: Sent
    """By BuildKit."""
    others: Mapping[str, Sent]
    """What differs, by builder."""

    def by(self, builder: str) -> Sent:
        """Return what a builder sends."""
        return self.others.get(builder, self.sent)


def case(name: str, text: str, sent: Sent, **others: Sent) -> Case:
    """Return a case; ``classic`` also holds for Docker 20.10, which ``before_23`` is about."""
    differing = {"classic": others["classic"]} if "classic" in others else {}
    old = others.get("before_23", others.get("classic", sent))
    return Case(name, text, sent, {**differing, "docker-20.10": old})


def plant(folder: Path, text: str) -> None:
    """Write the tree with an ignore file; each file holds its own name."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    for name, target in LINKS.items():
        (folder / name).symlink_to(target)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    write_ignore_file(folder, text)


def write_ignore_file(folder: Path, text: str) -> None:
    """Write an ignore file as it stands, line ends and marks too."""
    (folder / ".dockerignore").write_bytes(text.encode())


CASES = (
    case("exact file", "README.md", out("README.md")),
    case("exact folder", "docs", out("docs/api/img.png", "docs/api/ref.md", "docs/index.md")),
    case("trailing slash", "docs/", out("docs/api/img.png", "docs/api/ref.md", "docs/index.md")),
    case("trailing slash on a file", "README.md/", out("README.md")),
    case("leading slash", "/README.md", out("README.md")),
    case("leading slash and folder", "/foo/bar", out("foo/bar/baz.txt", "foo/bar/keep.txt")),
    case(
        "leading dot slash", "./docs", out("docs/api/img.png", "docs/api/ref.md", "docs/index.md")
    ),
    case("doubled slashes", "foo//bar", out("foo/bar/baz.txt", "foo/bar/keep.txt")),
    case("dots inside", "foo/../docs/./api", out("docs/api/img.png", "docs/api/ref.md")),
    case("outside of the context", "../app.py", out()),
    case("dot alone", ".", out()),
    case("slash alone", "/", out()),
    case("case of a file", "APP.PY", out()),
    case("case of a folder", "BUILD", out()),
    case("other case beside", "app.py", out("app.py")),
    case("only the root", "build", out("build/out.o")),
    case("any folder", "**/build", out("build/out.o", "sub/build/out.o")),
    case("any folder, one name", "**/README.md", out("README.md", "sub/README.md")),
    case("star", "*.md", out("README.md")),
    case("star keeps to a folder", "*/README.md", out("sub/README.md")),
    case("star for a folder", "*/build", out("sub/build/out.o")),
    case("star in the middle", "foo/*/keep.txt", out("foo/bar/keep.txt")),
    case("star alone", "*", kept()),
    case("star matches points", ".*", out(".dockerignore", ".env", ".env.local", ".hidden/x")),
    case("star at the end of a path", "tmp/*", out("tmp/a", "tmp/b/c")),
    case("two stars at the end", "tmp/**", out("tmp/a", "tmp/b/c")),
    case("two stars in the middle", "docs/**/img.png", out("docs/api/img.png")),
    case(
        "two stars before an ending",
        "**/*.md",
        out("README.md", "docs/api/ref.md", "docs/index.md", "foo/keep.md", "sub/README.md"),
    ),
    case(
        "two stars next to an ending",
        "**.md",
        out("README.md", "docs/api/ref.md", "docs/index.md", "foo/keep.md", "sub/README.md"),
        before_23=out(),
    ),
    case("two stars alone", "**", kept(), before_23=kept("line\nfeed")),
    case(
        "two stars after a name",
        "foo**",
        out(
            "foo.d/x.log",
            "foo/bar/baz.txt",
            "foo/bar/keep.txt",
            "foo/keep.md",
            "foo/one.txt",
            "foobar",
        ),
    ),
    case("two stars, slash at the end", "**/", kept(), before_23=kept("line\nfeed")),
    case("two stars around", "**/util/**", out("src/util/__pycache__/h.pyc", "src/util/helper.py")),
    case("question mark", "?.txt", out("1.txt", "é.txt")),
    case("two question marks", "??.txt", out("22.txt")),
    case("question mark and a letter beyond ASCII", "?.txt\n!1.txt", out("é.txt")),
    case("class", "[0-9].txt", out("1.txt")),
    case("class with others", "[^0-9].txt", out("é.txt")),
    case("exclamation mark in a class", "[!a]pp.py", out("app.py")),
    case("class of both cases", "[aA]pp.py", out("App.py", "app.py")),
    case("escaped bracket", "\\[x\\]", out("[x]")),
    case("escaped star", "star\\*", out("star*")),
    case("escaped backslash", "back\\\\slash", out("back\\slash")),
    case("escaped hash", "\\#note", out("#note")),
    case("escaped exclamation mark", "\\!bang", out("!bang")),
    case("letter that is escaped", "\\d.txt", out("1.txt")),
    case("hash after a space", " #note", out("#note")),
    case("comment", "#note\n# app.py\napp.py", out("app.py")),
    case("blank lines", "\n\n  \napp.py\n\t\n", out("app.py")),
    case("spaces around", "  app.py  ", out("app.py")),
    case("space inside", "a b.txt", out("a b.txt")),
    case("spaces cannot be kept", " lead", out()),
    case(
        "CRLF",
        "app.py\r\ndocs\r\n",
        out("app.py", "docs/api/img.png", "docs/api/ref.md", "docs/index.md"),
    ),
    case("byte order mark", "\ufeffapp.py", out("app.py")),
    case(
        "no line end",
        "app.py\ndocs",
        out("app.py", "docs/api/img.png", "docs/api/ref.md", "docs/index.md"),
    ),
    case("exception", "*.txt\n!22.txt", out("1.txt", "a b.txt", "a+b.txt", "é.txt")),
    case(
        "exception before", "!22.txt\n*.txt", out("1.txt", "22.txt", "a b.txt", "a+b.txt", "é.txt")
    ),
    case("exception and again", "*.md\n!README.md\nREADME.md", out("README.md")),
    case(
        "exception in a folder",
        "foo\n!foo/keep.md",
        out("foo/bar/baz.txt", "foo/bar/keep.txt", "foo/one.txt"),
    ),
    case(
        "exception deep in a folder",
        "foo\n!foo/bar/keep.txt",
        out("foo/bar/baz.txt", "foo/keep.md", "foo/one.txt"),
    ),
    case(
        "exception of a folder",
        "*\n!src",
        kept("src/main.py", "src/util/__pycache__/h.pyc", "src/util/helper.py"),
    ),
    case(
        "exception of a folder with slash",
        "*\n!src/",
        kept("src/main.py", "src/util/__pycache__/h.pyc", "src/util/helper.py"),
    ),
    case(
        "exception of all in a folder",
        "*\n!src/**",
        kept("src/main.py", "src/util/__pycache__/h.pyc", "src/util/helper.py"),
    ),
    case("exception of some in a folder", "*\n!src/*.py", kept("src/main.py")),
    case(
        "exception with a wildcard in any folder",
        "*\n!**/*.py",
        kept("App.py", "app.py", "src/main.py", "src/util/helper.py"),
        classic=kept("App.py", "app.py"),
    ),
    case(
        "exception with a wildcard deeper",
        "*\n!src/**/*.py",
        kept("src/main.py", "src/util/helper.py"),
        classic=kept("src/main.py"),
    ),
    case(
        "exception with a wildcard beside",
        "docs\n!**/*.md",
        out("docs/api/img.png"),
        classic=out("docs/api/img.png", "docs/api/ref.md", "docs/index.md"),
    ),
    case(
        "exception of a folder, not its name elsewhere", "**/build\n!build", out("sub/build/out.o")
    ),
    case("exception in a folder of any place", "**/tmp\n!tmp/a", out("tmp/b/c"), before_23=out()),
    case(
        "exception and spaces",
        "*\n!  src  ",
        kept("src/main.py", "src/util/__pycache__/h.pyc", "src/util/helper.py"),
    ),
    case("exception with leading slash", "*\n!/app.py", kept("app.py")),
    case("exception, then a part again", "*\n!src\nsrc/util", kept("src/main.py")),
    case(
        "exception, then any folder",
        "*\n!src\n**/__pycache__",
        kept("src/main.py", "src/util/helper.py"),
    ),
    case(
        "exception of what lies above",
        "foo/bar\n!foo",
        out("foo/bar/baz.txt", "foo/bar/keep.txt"),
        before_23=out(),
    ),
    case(
        "exception of exception",
        "*\n!foo\nfoo/bar\n!foo/bar/keep.txt",
        kept("foo/bar/keep.txt", "foo/keep.md", "foo/one.txt"),
    ),
    case("two marks", "*\n!!bang", kept("!bang")),
    case("exception of the Dockerfile", "*\n!Dockerfile", kept("Dockerfile")),
    case("the Dockerfile", "Dockerfile", out("Dockerfile")),
    case("the ignore file", ".dockerignore", out(".dockerignore")),
    case("all environment files", ".env*", out(".env", ".env.local")),
    case("plus sign", "a+b.txt", out("a+b.txt"), before_23=out()),
    case("plus sign beside a star", "a+b.*", out("a+b.txt"), before_23=out()),
    case("point stands for itself", "a.b", out("a.b")),
    case("point beside a star", "a.b*", out("a.b")),
    case(
        "bar beside a star",
        "a|b*",
        out(
            "!bang",
            "a b.txt",
            "a+b.txt",
            "a.b",
            "aa",
            "app.py",
            "axb",
            "a{2}",
            "a|b",
            "back\\slash",
            "build/out.o",
            "foo/bar/baz.txt",
            "foo/bar/keep.txt",
            "foobar",
            "sub/README.md",
            "sub/build/out.o",
            "tmp/b/c",
            "web/node_modules/m/index.js",
        ),
    ),
    case("braces beside a star", "a{2}*", out("aa")),
    case("braces are no choice", "*.{md,py}", out()),
    case("links", "link", out("link")),
    case("folder link", "linkdir", out("linkdir")),
    case("in a folder link", "linkdir/index.md", out()),
    case("line feed", "line?feed", out("line\nfeed")),
    case("dollar", "*.txt$", out()),
    case("caret", "^app*", out("app.py")),
    case("exclamation mark alone", "app.py\n!", REFUSED),
    case("bracket not closed", "[a", REFUSED),
    case("class from end to start", "[z-a].txt", REFUSED),
    case("class that is empty", "[]", REFUSED),
    case("backslash at the end", "app\\", REFUSED),
)
