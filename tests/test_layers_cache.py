"""A layer comes out of the cache as it went in, or not at all."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.collect.layers import cache as cache_module
from hcreport.collect.layers.cache import LayerCache, cache_folder
from hcreport.contents.layer import UNREAD, Kind, LayerFiles, owner_of
from hcreport.units import KIB


def digest(number: int) -> str:
    """Return a digest that differs by number."""
    return f"sha256:{number:064x}"


ONE, OTHER = digest(1), digest(2)

NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.binary(max_size=40)


@st.composite
def layers(draw: st.DrawFn) -> LayerFiles:
    """Return a layer with whatever can be in its fields."""
    layer = LayerFiles(diff_id=ONE, left_out=draw(st.integers(0, 9)))
    for path in draw(st.lists(TEXTS, max_size=12)):
        layer.add(
            path,
            draw(st.sampled_from(Kind)),
            size=draw(NUMBERS),
            mode=draw(st.integers(0, 0o7777)),
            owner=draw(NUMBERS),
            time=draw(NUMBERS),
        )
    if layer.paths:
        positions = st.integers(0, len(layer) - 1)
        tables = st.dictionaries(positions, TEXTS)
        layer.links, layer.heads = draw(tables), draw(tables)
        layer.texts, layer.marks = draw(tables), draw(tables)
        # The name of a library ends where its first zero byte is.
        name = TEXTS.map(lambda text: text.replace(b"\0", b""))
        layer.needs = draw(st.dictionaries(positions, st.lists(name, max_size=3).map(tuple)))
    return layer


def small(diff_id: str = ONE) -> LayerFiles:
    """Return a layer with something in every field."""
    layer = LayerFiles(diff_id=diff_id, left_out=1)
    layer.add(b"usr", Kind.FOLDER, mode=0o755)
    program = layer.add(b"usr/bin", Kind.FILE, size=70_000, mode=0o4755, owner=owner_of(1, 2))
    link = layer.add(b"bin", Kind.SYMLINK, time=1_700_000_000)
    layer.links[link] = b"usr/bin"
    layer.heads[program], layer.texts[program] = b"\x7fELF", b"text\n" * 900
    layer.marks[program], layer.needs[program] = b"12345678", (b"libc.so.6", UNREAD)
    return layer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "above" / "layers"


@given(layer=layers())
def test_what_went_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, layer: LayerFiles
) -> None:
    kept = LayerCache(tmp_path_factory.mktemp("cache"))
    kept.store(layer)
    assert kept.load(ONE) == layer


def test_another_process_finds_it(folder: Path) -> None:
    LayerCache(folder).store(small())
    assert LayerCache(folder).load(ONE) == small()
    assert LayerCache(folder).load(OTHER) is None


def test_only_this_user_can_read_it(folder: Path) -> None:
    kept = LayerCache(folder)
    kept.store(small())
    kept.store_steps(ONE, [True, False])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize(
    "diff_id",
    ["", "sha256:", "sha256:12", f"sha512:{'1' * 64}", f"sha256:{'../' * 21}x", "../../x"],
)
def test_what_has_no_digest_is_not_kept(folder: Path, diff_id: str) -> None:
    kept = LayerCache(folder)
    kept.store(small(diff_id))
    assert not folder.exists()
    assert kept.load(diff_id) is None


def test_every_byte_counts(folder: Path) -> None:
    """Whichever byte is another, or where it is cut, it is a miss or still the same layer."""
    kept = LayerCache(folder)
    kept.store(small())
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    begin = whole.index(b"\n") + 1
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        found = kept.load(ONE)
        assert found is None or (place < begin and found.paths == small().paths), place
        file.write_bytes(whole[:place])
        assert kept.load(ONE) is None
    file.write_bytes(whole + b"x")
    file.write_bytes(whole)
    assert kept.load(ONE) == small()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "hcreport layer 0"),
        ("reader", "0" * 64),
        ("diff_id", OTHER),
        ("order", "middle"),
        ("left_out", "many"),
        ("parts", []),
        ("parts", [2**62, 2**62]),
        ("parts", [-1, 5]),
        ("parts", "several"),
    ],
)
def test_what_another_version_wrote_is_a_miss(folder: Path, field: str, value: object) -> None:
    kept = LayerCache(folder)
    kept.store(small())
    (file,) = folder.iterdir()
    first, _, rest = file.read_bytes().partition(b"\n")
    about = {**json.loads(first), field: value}
    file.write_bytes(json.dumps(about).encode() + b"\n" + rest)
    assert kept.load(ONE) is None


def test_other_code_reads_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = LayerCache(folder)
    kept.store(small())
    monkeypatch.setattr(cache_module, "_reader", lambda: "other")
    assert kept.load(ONE) is None
    kept.store(small())
    assert kept.load(ONE) == small()


def test_the_folder_does_not_grow_beyond_its_bound(folder: Path) -> None:
    big = [small(digest(number)) for number in range(6)]
    for layer in big:
        layer.texts[0] = os.urandom(10 * KIB)
    kept = LayerCache(folder, largest=45 * KIB)
    (folder.parent).mkdir(parents=True)
    for number, layer in enumerate(big):
        kept.store(layer)
        file = folder / f"{number:064x}.layer"
        os.utime(file, ns=(number, number))
        if number == 2:
            # It is used, which makes it the newest of all.
            assert kept.load(digest(0)) == big[0]
    there = [number for number in range(6) if kept.load(digest(number)) is not None]
    assert there == [0, 3, 4, 5]
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 45 * KIB


def test_what_an_interruption_left_behind_is_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    left = folder / ".1.layer.abcdef"
    left.write_bytes(bytes(50 * KIB))
    os.utime(left, ns=(1, 1))
    LayerCache(folder, largest=40 * KIB).store(small())
    assert not left.exists()


@pytest.mark.parametrize("kind", ["file above", "folder in its place"])
def test_a_folder_that_cannot_be_used_is_no_error(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "layers"
    if kind == "file above":
        place.write_bytes(b"")
    else:
        (place / f"{ONE.removeprefix('sha256:')}.layer" / "x").mkdir(parents=True)
    kept = LayerCache(place)
    kept.store(small())
    assert kept.load(ONE) is None


@pytest.mark.parametrize("empty", [(), (True,), (False, True, False)])
def test_steps_are_kept(folder: Path, empty: tuple[bool, ...]) -> None:
    kept = LayerCache(folder)
    assert kept.load_steps(ONE) is None
    kept.store_steps(ONE, empty)
    assert kept.load_steps(ONE) == empty
    assert kept.load(ONE) is None


@pytest.mark.parametrize("text", ["", "[]", '["hcreport layer 1", [1]]', '["other", [true]]', "{}"])
def test_damaged_steps_are_a_miss(folder: Path, text: str) -> None:
    kept = LayerCache(folder)
    kept.store_steps(ONE, [True])
    next(folder.iterdir()).write_text(text)
    assert kept.load_steps(ONE) is None


@pytest.mark.parametrize(
    ("variable", "expected"),
    [("/big/cache", "/big/cache"), ("relative", "/home/me/.cache"), ("", "/home/me/.cache")],
)
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, variable: str, expected: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", variable)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path(expected, "hcreport", "layers")
