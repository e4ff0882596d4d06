"""The charts of images: bars in proportion, layers that follow each other, words for all of it."""

from __future__ import annotations

import pytest

from hcreport.model import ImageTarget, Number, Origin
from hcreport.render.charts import LEAST, Chart
from hcreport.render.image_charts import (
    KEPT_BARS,
    KEPT_LAYERS,
    LayerBar,
    groups_chart,
    layers_chart,
    share_text,
    targets_chart,
    together,
)
from hcreport.units import MB, Bytes

MEASURED = Origin(kind="measured", evidence="Docker engine")


def layer(number: int, size: int, hidden: int = 0, *, base: bool = False) -> LayerBar:
    return LayerBar(
        first=number,
        last=number,
        what="RUN",
        size=Bytes(size * MB),
        hidden=Bytes(hidden * MB),
        base=base,
    )


def target(name: str, size: int, could: int | None, *, scanned: bool = True) -> ImageTarget:
    def number(value: int) -> Number:
        held = float(value * MB)
        return Number(name="size", value=held, unit="bytes", family="image", origin=MEASURED)

    return ImageTarget(
        image=name,
        size=number(size),
        target=None if could is None else number(could),
        scanned=scanned,
    )


def parts_of(chart: Chart) -> list[list[tuple[str, float, float]]]:
    return [[(each.look, each.left, each.width) for each in bar.row.parts] for bar in chart.bars]


def test_each_layer_starts_where_those_below_it_end() -> None:
    chart = layers_chart("shop", [layer(1, 100, base=True), layer(2, 200, 50), layer(3, 100)])
    assert chart is not None
    assert parts_of(chart) == [
        [("tone-4", 0, 25)],
        [("tone-2", 25, 37.5), ("hatched", 62.5, 12.5)],
        [("tone-2", 75, 25)],
        [("tone-2", 0, 87.5), ("hatched", 87.5, 12.5)],
    ]
    assert [(bar.row.label, bar.row.value) for bar in chart.bars] == [
        ("1 RUN, base", "100 MB"),
        ("2 RUN", "200 MB"),
        ("3 RUN", "100 MB"),
        ("The whole image", "400 MB"),
    ]
    assert "2 RUN: 200 MB, 50 MB hidden" in chart.description
    assert "Hatched" in chart.caption
    tops = [bar.top for bar in chart.bars]
    assert tops == sorted(set(tops))
    assert chart.height > tops[-1]


def test_a_caption_explains_only_what_is_drawn() -> None:
    chart = layers_chart("shop", [layer(1, 100)])
    assert chart is not None
    assert "Hatched" not in chart.caption


def test_a_small_layer_can_be_seen_and_stays_in_the_picture() -> None:
    chart = layers_chart("shop", [layer(1, 100_000), layer(2, 1), layer(3, 1, 1)])
    assert chart is not None
    for bar in chart.bars:
        for part in bar.row.parts:
            assert part.width >= LEAST - 0.01
            assert 0 <= part.left <= 100 - part.width
    assert layers_chart("shop", []) is None
    assert layers_chart("shop", [layer(1, 0)]) is None


def test_small_layers_in_a_row_are_drawn_as_one_and_nothing_is_lost() -> None:
    sizes = [900, 1, 2, 3, 800, 700, 600, 500, 400, 300, 4, 5]
    layers = [layer(number, size, size // 2) for number, size in enumerate(sizes, start=1)]
    drawn = together(layers)
    assert [(each.first, each.last) for each in drawn] == [
        (1, 1),
        (2, 4),
        *((number, number) for number in range(5, 11)),
        (11, 12),
    ]
    assert sum(each.size for each in drawn) == sum(each.size for each in layers)
    assert sum(each.hidden for each in drawn) == sum(each.hidden for each in layers)
    assert drawn[1].label == "2 to 4, small layers"
    assert sum(1 for each in drawn if each.first == each.last) == KEPT_LAYERS


def test_layers_of_the_base_are_not_drawn_with_others() -> None:
    large = [layer(number, 100) for number in range(5, 5 + KEPT_LAYERS)]
    small = [layer(number, 1, base=number < 3) for number in range(1, 5)]
    drawn = together([*small, *large])
    assert [(each.first, each.last, each.base) for each in drawn[:2]] == [
        (1, 2, True),
        (3, 4, False),
    ]
    assert drawn[0].label == "1 to 2, small layers, base"


def test_groups_are_in_proportion_to_the_largest_and_say_their_share() -> None:
    chart = groups_chart("shop", [("One", Bytes(300)), ("Two", Bytes(100))])
    assert chart is not None
    assert [bar.row.parts[0].width for bar in chart.bars] == [100, 33.33]
    assert [bar.row.value for bar in chart.bars] == ["300 B, 75 %", "100 B, 25 %"]
    assert chart.caption == ""
    assert groups_chart("shop", []) is None


def test_a_long_list_of_groups_is_cut_and_says_so() -> None:
    chart = groups_chart("shop", [(f"group {each}", Bytes(100)) for each in range(KEPT_BARS + 1)])
    assert chart is not None
    assert len(chart.bars) == KEPT_BARS
    assert "in the table" in chart.caption


def test_a_target_is_part_of_its_size() -> None:
    chart = targets_chart([target("a", 400, 100), target("b", 200, None), target("c", 100, 300)])
    assert chart is not None
    assert parts_of(chart) == [
        [("tone-2", 0, 25), ("hatched", 25, 75)],
        [("tone-2", 0, 50)],
        [("tone-2", 0, 25)],
    ]
    assert [bar.row.value for bar in chart.bars] == ["400 MB, could be 100 MB", "200 MB", "100 MB"]
    assert "may be needed" not in chart.caption
    assert targets_chart([]) is None


def test_a_target_from_the_history_is_only_a_lower_end() -> None:
    chart = targets_chart([target("a", 400, 100, scanned=False)])
    assert chart is not None
    assert chart.bars[0].row.value == "400 MB, at least 100 MB"
    assert "some of them may be needed" in chart.caption


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(0, "0 %"), (0.00001, "below 0.01 %"), (0.0001, "0.01 %"), (0.25, "25 %"), (1, "100 %")],
)
def test_a_small_share_is_not_called_nothing(ratio: float, expected: str) -> None:
    assert share_text(ratio) == expected
