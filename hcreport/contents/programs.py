"""Knows the programs of language runtimes that are installed without a package manager."""

from __future__ import annotations

import re

from hcreport.model import Group

_FOLDERS = re.compile(rb"^(?:usr/local|opt/[^/]+|root/\.local|.*/venv|.*/\.venv)/s?bin/", re.DOTALL)
_RUNTIMES = re.compile(
    rb"^(?:python|pypy|pip|idle|pydoc|2to3|node$|nodejs$|npm$|npx$|corepack$|yarn|pnpm|bun$|bunx$"
    rb"|deno$|go$|gofmt$|ruby$|gem$|bundle|irb$|erb$|rake$|rdoc$|ri$|racc$|rbs$|php|phar|pear|pecl"
    rb"|java|jshell|jlink|erl|elixir|mix$|iex$|perl|julia$|R$|Rscript$|dotnet$|composer$)"
)
_LIBRARIES = re.compile(
    rb"^usr/local/lib/lib(?:python|ruby|php|node|jemalloc_ruby|pypy)[^/]*$", re.DOTALL
)
_TOOLS = re.compile(
    rb"^usr/local/bin/(?:uv|uvx|poetry|pdm|rye|pixi|cmake|ctest|cpack|ninja|rustup|cargo|rustc"
    rb"|gradle|mvn|bazel|docker-php-ext-[a-z]+|docker-php-source|phpize|php-config)$"
)


def group_of_program(path: bytes, name: bytes) -> Group | None:
    """Return the group of a file that nobody owns, where it is a runtime's or a build tool."""
    if _TOOLS.match(path):
        return "build-tools"
    if (_RUNTIMES.match(name) and _FOLDERS.match(path)) or _LIBRARIES.match(path):
        return "language-runtimes"
    return None
