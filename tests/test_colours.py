"""The colours of the report can be told from what is behind them, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from hcreport.render.templating import templates_folder

STYLE = (templates_folder() / "styles" / "1-colours.css").read_text(encoding="utf-8")

BEHIND: Mapping[str, tuple[str, str]] = {
    # The theme's page, and its code, behind which the heads of our tables are.
    "default": ("#ffffff", "#f5f5f5"),
    "slate": ("#1e2129", "#272a35"),
}

TEXT = ("critical", "high", "medium", "low", "ok", "unknown")
SHAPES = ("tone-1", "tone-2", "tone-3", "tone-4", "hatch", "line", "border")
TONES = SHAPES[:4]


def variables(scheme: str) -> dict[str, str]:
    """Return the colours of a scheme by name; those of the light one hold where it says nothing."""
    found: dict[str, str] = {}
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE):
        if "slate" not in selector or scheme == "slate":
            found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", body))
    return found


def channels(colour: str) -> list[float]:
    """Return red, green, blue and how opaque it is, from 0 to 1."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(each * 2 for each in digits)
    digits = digits.ljust(8, "f")
    return [int(digits[place : place + 2], 16) / 255 for place in range(0, 8, 2)]


def contrast(front: str, behind: str) -> float:
    """Return the ratio of WCAG 2: (L1 + 0.05) / (L2 + 0.05) of the relative luminances."""
    *colour, opaque = channels(front)
    under = channels(behind)[:3]
    mixed = [opaque * one + (1 - opaque) * other for one, other in zip(colour, under, strict=True)]
    light, dark = sorted(map(luminance, (mixed, under)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour
    ]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff00", "#123456") == 1


@pytest.mark.parametrize("scheme", sorted(BEHIND))
@pytest.mark.parametrize("name", TEXT)
def test_words_can_be_read(name: str, scheme: str) -> None:
    for behind in BEHIND[scheme]:
        assert contrast(variables(scheme)[f"hc-{name}"], behind) >= 4.5


@pytest.mark.parametrize("scheme", sorted(BEHIND))
@pytest.mark.parametrize("name", SHAPES)
def test_shapes_can_be_seen(name: str, scheme: str) -> None:
    assert contrast(variables(scheme)[f"hc-{name}"], BEHIND[scheme][0]) >= 3


@pytest.mark.parametrize("scheme", sorted(BEHIND))
@pytest.mark.parametrize("name", TONES)
def test_digits_can_be_read_in_their_parts(name: str, scheme: str) -> None:
    known = variables(scheme)
    assert contrast(known["hc-on-tone"], known[f"hc-{name}"]) >= 4.5


@pytest.mark.parametrize("scheme", sorted(BEHIND))
@pytest.mark.parametrize("name", [*TONES, "line", "hatch"])
def test_bars_stand_out_from_their_track(name: str, scheme: str) -> None:
    known = variables(scheme)
    assert contrast(known[f"hc-{name}"], known["hc-track"]) >= 3


@pytest.mark.parametrize("scheme", sorted(BEHIND))
def test_the_header_and_links_can_be_read(scheme: str) -> None:
    known = variables(scheme)
    for text in ("md-primary-bg-color", "md-primary-bg-color--light"):
        assert contrast(known[text], known["md-primary-fg-color"]) >= 4.5
    for link in ("md-typeset-a-color", "md-accent-fg-color"):
        for behind in BEHIND[scheme]:
            assert contrast(known[link], behind) >= 4.5


def test_the_dark_scheme_has_its_own_colours() -> None:
    assert not {
        name
        for name, colour in variables("default").items()
        if name.startswith("hc-") and variables("slate")[name] == colour
    }
