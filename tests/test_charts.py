"""Drawings of bars: parts that never overlap, never leave the drawing, and can always be seen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.render.charts import (
    LEAST,
    LINE,
    OPEN,
    Mark,
    Part,
    Row,
    Share,
    chart,
    cut,
    mark_at,
    open_end,
    stacked,
    width_of,
    words_of,
)

SIZES = st.lists(st.integers(min_value=0, max_value=2**50), min_size=1, max_size=20)
ROUNDING = 0.011

TEXTS = st.text(max_size=60)


def shares(sizes: list[int]) -> list[Share]:
    return [
        Share(look="tone-2", size=size, mark=str(number), name=f"part {number}")
        for number, size in enumerate(sizes, start=1)
    ]


@given(SIZES, st.floats(min_value=1, max_value=1000), st.floats(min_value=0, max_value=1))
def test_parts_follow_each_other_within_the_drawing(
    sizes: list[int], roomy: float, start: float
) -> None:
    scale = max(1.0, sum(sizes) * roomy)
    parts = stacked(shares(sizes), scale, start=start * (scale - sum(sizes)))
    assert len(parts) == sum(1 for size in sizes if size)
    for part, after in pairwise(parts):
        assert part.right == pytest.approx(after.left, abs=ROUNDING)
    for part in parts:
        assert part.width >= LEAST - ROUNDING
        assert 0 <= part.left <= part.right <= 100


@given(SIZES, st.floats(min_value=1, max_value=1000))
def test_together_parts_are_as_wide_as_their_sum(sizes: list[int], roomy: float) -> None:
    scale = max(1.0, sum(sizes) * roomy)
    parts = stacked(shares(sizes), scale)
    exact = 100 * sum(sizes) / scale
    narrowest = LEAST * len(parts)
    end = parts[-1].right if parts else 0
    assert end == pytest.approx(max(exact, narrowest), abs=ROUNDING)
    ordered = sorted(zip(sizes_drawn(sizes), (part.width for part in parts), strict=True))
    widths = [width for _, width in ordered]
    assert all(one <= other + 2 * ROUNDING for one, other in pairwise(widths))


def sizes_drawn(sizes: list[int]) -> list[int]:
    return [size for size in sizes if size]


def test_a_large_part_makes_room_for_tiny_ones() -> None:
    parts = stacked(shares([999_000, 1, 1]), 999_002)
    assert [part.width for part in parts] == [98, 1, 1]
    assert parts[-1].right == 100


@given(st.integers(min_value=0, max_value=2**50), st.floats(min_value=1, max_value=2**50))
def test_a_line_can_be_seen_whole(size: int, scale: float) -> None:
    assert 0 < mark_at(size, scale).at < 100


def test_what_was_not_measured_stands_behind_what_was() -> None:
    parts = stacked(shares([50]), 100)
    assert open_end(parts).left == 50
    assert open_end(()).left == 0
    assert open_end(stacked(shares([100]), 100)).right == 100
    assert OPEN > LEAST


@given(
    SIZES,
    st.lists(st.floats(min_value=0, max_value=100), max_size=2),
    st.lists(TEXTS, min_size=20, max_size=20),
)
def test_words_stay_in_their_part_and_off_the_lines(
    sizes: list[int], marks: list[float], names: list[str]
) -> None:
    total = max(1, sum(sizes))
    parts = stacked(
        [
            Share(look="tone-1", size=size, mark=str(number), name=names[number - 1])
            for number, size in enumerate(sizes, start=1)
        ],
        total,
    )
    row = Row(label="a", value="b", parts=parts, marks=tuple(Mark(at=each) for each in marks))
    known = {part.mark: part for part in parts}
    for words in words_of(row):
        part = known[words.text.split(" ")[0]]
        half = 50 * width_of(words.text) / LINE
        assert part.left <= words.at - half
        assert words.at + half <= part.right
        clear = half + 1.5  # percent, for the width of the line
        assert all(abs(mark - words.at) >= clear for mark in marks if part.left < mark < part.right)


def test_a_part_says_its_name_where_there_is_room() -> None:
    wide = Part(look="tone-1", left=0, width=50, mark="1", name="Weights")
    narrow = Part(look="tone-1", left=50, width=6, mark="2", name="Cache")
    thin = Part(look="tone-1", left=56, width=1, mark="3", name="Server")
    found = words_of(Row(label="", value="", parts=(wide, narrow, thin)))
    assert [(each.text, each.at) for each in found] == [("1 Weights", 25), ("2", 53)]


def test_words_stand_on_the_wider_side_of_a_line() -> None:
    part = Part(look="tone-1", left=0, width=100, mark="1", name="Weights")
    (words,) = words_of(Row(label="", value="", parts=(part,), marks=(Mark(at=30),)))
    assert words.text == "1 Weights"
    assert 30 < words.at < 100


@pytest.mark.parametrize("width", [10, 30, 60])
def test_words_keep_clear_of_a_line_wherever_it_is(width: float) -> None:
    part = Part(look="tone-1", left=0, width=width, mark="1", name="Weights")
    for place in range(int(width * 10)):
        for words in words_of(Row(label="", value="", parts=(part,), marks=(Mark(at=place / 10),))):
            assert abs(place / 10 - words.at) >= 50 * width_of(words.text) / LINE + 2.5


@given(st.lists(st.tuples(TEXTS, st.text(max_size=10)), min_size=1, max_size=15))
def test_rows_do_not_overlap_and_labels_fit(rows: list[tuple[str, str]]) -> None:
    drawn = chart(
        title="t",
        description="d",
        rows=[Row(label=cut(label), value=cut(value), parts=()) for label, value in rows],
    )
    for bar in drawn.bars:
        assert width_of(bar.row.label) <= LINE
        if not drawn.below:
            assert width_of(bar.row.label) + width_of(bar.row.value) < LINE
        assert bar.value_at <= bar.mark_from
        assert bar.top + drawn.thickness < bar.mark_to
    for bar, after in pairwise(drawn.bars):
        assert bar.mark_to < after.label_at - 0.5
    assert drawn.bars[-1].mark_to < drawn.height


def test_a_value_stands_below_a_long_label() -> None:
    def below(label: str) -> bool:
        row = Row(label=label, value="16.3 GB", parts=())
        return chart(title="", description="", rows=[row]).below

    assert not below("hypercode-core")
    assert below("registry.example.com/team")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("x" * 60, "x" * 29 + "…"),
        ("a\n\tb\u202ec", "a bc"),
        ("漢" * 60, "漢" * 17 + "…"),
    ],
)
def test_a_label_is_one_line_and_not_too_long(text: str, expected: str) -> None:
    assert cut(text) == expected


def test_the_name_of_an_image_keeps_its_end() -> None:
    text = cut("registry.example.com/team/project/web:1.2", keep_end=True)
    assert text.startswith("…")
    assert text.endswith("/project/web:1.2")


@given(st.text(max_size=300), st.booleans())
def test_a_cut_label_fits(text: str, keep_end: bool) -> None:
    assert width_of(cut(text, keep_end=keep_end)) <= LINE
