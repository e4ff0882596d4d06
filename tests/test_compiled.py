"""Compiled templates that are kept: used when they are right, and only then."""

from __future__ import annotations

import tempfile
from pathlib import Path

import jinja2
import pytest

from hcreport.render.compiled import compiled_templates


@pytest.fixture
def compiler(tmp_path: Path) -> Path:
    """A file that stands for the code that compiles."""
    path = tmp_path / "compiler.py"
    path.write_text("version one", encoding="utf-8")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """The folder of the cache."""
    path = tmp_path / "cache"
    path.mkdir()
    return path


def compilations(compiler: Path, cache: Path, source: str) -> int:
    """Render a template in a fresh environment; return how often it was compiled."""
    compiled: list[str] = []

    class Environment(jinja2.Environment):
        def _generate(self, *arguments: object, **named: object) -> str:
            compiled.append("once")
            return super()._generate(*arguments, **named)  # type: ignore[arg-type]  # passed on

    made = Environment(
        loader=jinja2.DictLoader({"page": source}),
        bytecode_cache=compiled_templates(compiler, cache),
        autoescape=True,
    )
    assert made.get_template("page").render() == source
    return len(compiled)


def test_a_template_is_compiled_once(compiler: Path, cache: Path) -> None:
    assert compilations(compiler, cache, "hello") == 1
    assert compilations(compiler, cache, "hello") == 0


def test_a_changed_template_or_compiler_compiles_again(compiler: Path, cache: Path) -> None:
    compilations(compiler, cache, "hello")
    assert compilations(compiler, cache, "changed") == 1
    compiler.write_text("version two", encoding="utf-8")
    assert compilations(compiler, cache, "changed") == 1


def test_a_damaged_file_compiles_again(compiler: Path, cache: Path) -> None:
    compilations(compiler, cache, "hello")
    (kept,) = cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert compilations(compiler, cache, "hello") == 1


def test_it_goes_without_a_folder_to_write_to(compiler: Path, cache: Path) -> None:
    cache.rmdir()
    assert compilations(compiler, cache, "hello") == 1


def test_it_goes_without_a_safe_folder(
    compiler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert compiled_templates(compiler) is None
