"""Will it run here, in a real browser: the script says what the table and the function say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
from playwright.sync_api import Browser, Page, expect

from hcreport.estimate.machines import MACHINES
from hcreport.platforms import PLATFORMS
from hcreport.render.assets import SCRIPT, STYLE, assets
from hcreport.render.escape import one_line
from hcreport.render.view import View
from hcreport.render.will_it_run import FamilyView, missing_memory, will_it_run_view
from hcreport.units import GIB, Bytes, gibibytes
from tests.browser.axe import prepare, show, violations
from tests.browser.opened import SCHEMES, WIDTHS, Opened, Scheme, open_page
from tests.pages_case import assessed, markdown_settings, pages, proofs

SIZES = [int(each) // GIB for each in MACHINES]
BETWEEN = (1, 5, 7, 7.5, 10, 11, 13.3, 15.6, 20, 1000)
"""GB that no machine is sold with, and some that a reader may type all the same."""

# Everything that the form answers for each pair of platform and size.
ASK = """([platforms, sizes]) => {
  const words = (element) => element.textContent.replace(/\\s+/g, " ").trim();
  const memory = document.querySelector("#hc-run-memory");
  const platform = document.querySelector("#hc-run-platform");
  const found = [];
  for (const id of platforms) {
    for (const size of sizes) {
      memory.value = String(size);
      platform.value = id;
      platform.dispatchEvent(new Event("change", { bubbles: true }));
      const tab = document.querySelector(".hc-run-table .tabbed-set > input:checked");
      const number = [...tab.parentElement.querySelectorAll(":scope > input")].indexOf(tab);
      const block = tab.parentElement.querySelectorAll(".tabbed-block")[number];
      const row = block.querySelector("tr[aria-current]");
      found.push({
        answers: [...document.querySelectorAll("[data-hc-answer]")].map(words),
        row: row && [...row.cells].slice(1).map((cell) => {
          const copy = cell.cloneNode(true);
          copy.querySelector(".hc-cell-name").remove();
          return words(copy);
        }),
        place: words(document.querySelector("p[data-hc-place]")),
        heading: words(document.querySelector("[data-hc-summary]")),
      });
    }
  }
  return found;
}"""

MARKS = {
    "runs": "✓ Runs",
    "change": "▲ Runs after a change",
    "short": "■ Does not fit",
    "may": "? May run",
    "may-change": "? May run after a change",
    "unknown": "? Not known",
}


JUDGED = ("hostile", "hypercode", "models", "tiny", "watched")
"""Snapshots with a known need: of lower bounds, of exact needs, of hostile names."""


def _standing_alone(browser: Browser, name: str) -> Page:
    """Return the page of a snapshot without a theme, with our style sheet and our script."""
    body = markdown.markdown(pages(name)["requirements.md"], **markdown_settings())
    page = browser.new_page()
    page.set_content(f"<!doctype html><title>x</title><article>{body}</article>")
    files = assets()
    page.add_style_tag(content=files[STYLE].decode())
    page.add_script_tag(content=files[SCRIPT].decode())
    return page


@pytest.fixture
def opened(browser: Browser, served: str) -> Iterator[Opened]:
    """The requirements page of the example, at a desk."""
    with open_page(browser, f"{served}/requirements.html") as found:
        yield found


def _expected(name: str, family: FamilyView, machine: Bytes) -> list[str]:
    """Return what the form has to say about each scenario, from the functions behind the page."""
    scenarios = View(*assessed(name), proofs(name)).scenarios
    instead = family.instead(machine)
    found = []
    for words, one in zip(family.cells(machine), family.answers, strict=True):
        text = f"{MARKS[words.kind]} {words.detail}"
        if words.kind == "short":
            text += f" At least {missing_memory(one.fits_from, machine)} GiB more is needed."
            if instead is not None:
                text += f" Use instead: {scenarios[instead].requirement.scenario}."
        found.append(" ".join(text.split()))
    return found


@pytest.mark.parametrize("report", JUDGED)
def test_the_script_says_what_the_table_and_the_function_say(browser: Browser, report: str) -> None:
    view = View(*assessed(report), proofs(report))
    families = will_it_run_view(view.scenarios, view.own_platforms).families
    by_platform = {one.id: each for each in families for one in each.platforms}
    sizes = [*SIZES, *BETWEEN]
    page = _standing_alone(browser, report)
    found = page.evaluate(ASK, [list(PLATFORMS), sizes])
    page.close()
    pairs = [(platform, size) for platform in PLATFORMS for size in sizes]
    assert len(found) == len(pairs)
    for (platform, size), answer in zip(pairs, found, strict=True):
        family = by_platform[platform]
        expected = _expected(report, family, gibibytes(size))
        assert answer["answers"] == [one_line(each) for each in expected], (platform, size)
        assert answer["heading"] == f"With {size} GB and {PLATFORMS[platform].name}:"
        cells = [f"{MARKS[each.kind]} {each.detail}" for each in family.cells(gibibytes(size))]
        if size in SIZES:
            assert answer["row"] == cells, (platform, size)
        else:
            assert answer["row"] in (None, cells), (platform, size)
        changes = any("change" in each.kind for each in family.cells(gibibytes(size)))
        place = PLATFORMS[platform].memory_setting
        assert answer["place"] == (f"Where to set it: {place}. All steps" if changes else "")


def test_without_script_there_is_no_form_and_the_table_is_whole(
    browser: Browser, served: str
) -> None:
    with open_page(browser, f"{served}/requirements.html", script=False) as opened:
        expect(opened.page.locator("[data-hc-run]")).to_be_hidden()
        expect(opened.page.locator(".hc-run-table table").first).to_be_visible()
        opened.page.get_by_text("Linux", exact=True).click()
        expect(opened.page.get_by_text("8 GiB or more")).to_be_visible()


def test_the_keyboard_alone_gets_an_answer_and_it_is_announced(opened: Opened) -> None:
    page = opened.page
    page.locator("#hc-run-memory").focus()
    page.keyboard.type("16")
    status = page.get_by_role("status").filter(has=page.locator("[data-hc-summary]"))
    expect(status).to_contain_text("With 16 GB and Docker Engine on Linux")
    for _ in range(6):  # five sizes, then the platform
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "hc-run-platform"
    page.keyboard.type("Colima")
    expect(status).to_contain_text("With 16 GB and Colima")
    expect(status).to_contain_text("Set Docker to at least 7 GiB.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(status).to_contain_text("With 64 GB and Colima")
    expect(page.get_by_role("button", name="64", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.get_by_label("Memory of your machine, in GB").count() == 1
    assert page.get_by_label("How you run Docker").count() == 1
    assert opened.complaints == []


def test_a_choice_is_remembered_in_this_browser_and_can_be_forgotten(opened: Opened) -> None:
    page = opened.page
    page.locator("#hc-run-platform").select_option("orbstack")
    page.get_by_role("button", name="24", exact=True).click()
    assert json.loads(page.evaluate("localStorage.getItem('hcreport:machine')")) == {
        "memory": "24",
        "platform": "orbstack",
    }
    page.reload()
    expect(page.locator("[data-hc-summary]")).to_have_text("With 24 GB and OrbStack:")
    page.get_by_role("button", name="Forget my choice").click()
    expect(page.locator("[data-hc-summary]")).to_have_text("Your choice is forgotten.")
    assert page.evaluate("localStorage.getItem('hcreport:machine')") is None
    expect(page.locator("#hc-run-memory")).to_be_focused()
    page.reload()
    expect(page.locator("#hc-run-memory")).to_have_value("")
    assert opened.complaints == []


@pytest.mark.parametrize(
    "stored", ["null", "[]", "7", '{"memory": 4}', '{"platform": "x\\"]", "memory": "y"}', "{"]
)
def test_a_strange_value_in_the_storage_does_no_harm(opened: Opened, stored: str) -> None:
    opened.page.evaluate("value => localStorage.setItem('hcreport:machine', value)", stored)
    opened.page.reload()
    opened.page.get_by_role("button", name="16", exact=True).click()
    expect(opened.page.locator("[data-hc-summary]")).to_contain_text("With 16 GB")
    assert opened.complaints == []


def test_storage_that_throws_is_survived(browser: Browser, served: str) -> None:
    with open_page(browser, "about:blank") as opened:
        opened.page.add_init_script(
            "for (const name of ['getItem', 'setItem', 'removeItem'])"
            " Storage.prototype[name] = () => { throw new DOMException('no storage'); };"
        )
        errors: list[str] = []
        opened.page.on("pageerror", lambda error: errors.append(str(error)))
        opened.page.goto(f"{served}/requirements.html")
        opened.page.get_by_role("button", name="16", exact=True).click()
        expect(opened.page.locator("[data-hc-summary]")).to_contain_text("With 16 GB")
        opened.page.get_by_role("button", name="Forget my choice").click()
        expect(opened.page.locator("[data-hc-summary]")).to_have_text("Your choice is forgotten.")
        assert [each for each in errors if "hcreport.js" in each] == []


@pytest.mark.parametrize("typed", ["", "0", "-8", "99999"])
def test_what_is_no_size_gets_no_answer(opened: Opened, typed: str) -> None:
    page = opened.page
    needs = page.locator("[data-hc-answer]").all_inner_texts()
    assert needs[0] == "Docker needs at least 5.68 GiB for it."
    page.get_by_role("button", name="16", exact=True).click()
    expect(page.locator("[data-hc-answer]").first).not_to_have_text(needs[0])
    page.locator("#hc-run-memory").fill(typed)
    expect(page.locator("[data-hc-summary]")).to_have_text("Give a size to see what runs.")
    assert page.locator("[data-hc-answer]").all_inner_texts() == needs
    assert page.locator("tr[aria-current]").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("machine", ["", "8"])
def test_nothing_moves_while_the_page_loads(
    browser: Browser, served: str, width: int, machine: str
) -> None:
    with open_page(browser, f"{served}/requirements.html", width=width) as opened:
        page = opened.page
        value = json.dumps({"memory": machine, "platform": "docker-desktop-wsl2"})
        page.evaluate("value => localStorage.setItem('hcreport:machine', value)", value)
        page.goto(f"{served}/requirements.html#will-it-run-here")
        opened.reload_late()
        expect(page.locator("#hc-run-memory")).to_have_value(machine)
        assert opened.shifts() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_form_has_room_for_every_answer(browser: Browser, served: str, width: int) -> None:
    with open_page(browser, f"{served}/requirements.html", width=width) as opened:
        heights = opened.page.evaluate(
            """([platforms, sizes]) => {
              const form = document.querySelector(".hc-run-form");
              const found = [form.offsetHeight];
              for (const id of platforms) for (const size of sizes) {
                document.querySelector("#hc-run-platform").value = id;
                const memory = document.querySelector("#hc-run-memory");
                memory.value = String(size);
                memory.dispatchEvent(new Event("change"));
                found.push(form.offsetHeight);
              }
              return found;
            }""",
            [list(PLATFORMS), SIZES],
        )
        assert set(heights) == {heights[0]}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_an_answer_has_no_barrier_and_fits(
    browser: Browser, served: str, width: int, scheme: Scheme
) -> None:
    address = f"{served}/requirements.html"
    with open_page(browser, address, width=width, scheme=scheme) as opened:
        page = opened.page
        page.locator("#hc-run-platform").select_option("docker-desktop-wsl2")
        page.get_by_role("button", name="8", exact=True).click()
        prepare(opened)
        show(opened, width=width, scheme=scheme)
        assert violations(opened) == []
        assert not opened.too_wide()


def test_a_link_to_folded_evidence_opens_it(opened: Opened) -> None:
    page = opened.page
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('details [id]')].map((each) => each.id)"
    )
    scenario = next(each for each in found if each.startswith("scenario-"))
    own = scenario.rsplit("-", 1)[0]
    anchors = [each for each in found if each.startswith((own, "memory-on-"))]
    for part in ("memory", "machine", "disk", "savings"):
        assert f"{own}-{part}" in anchors
    assert {f"memory-on-{each}" for each in PLATFORMS} <= set(anchors)
    for anchor in anchors:
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = false)")
        page.evaluate("anchor => { location.hash = anchor; }", anchor)
        expect(page.locator(f"[id='{anchor}']")).to_be_visible()
        expect(page.locator(f"[id='{anchor}']")).to_be_in_viewport()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_paper_shows_every_tab_and_all_evidence_without_the_form(
    browser: Browser, served: str, tmp_path: Path, paper: str
) -> None:
    with open_page(browser, f"{served}/requirements.html", scheme="dark") as opened:
        page = opened.page
        page.pdf(path=tmp_path / "page.pdf", format=paper)
        page.emulate_media(media="print")
        expect(page.locator("[data-hc-run]")).to_be_hidden()
        for table in _all(page, ".hc-run-table table, details.hc-evidence table"):
            expect(table).to_be_visible()
        for name in ("Docker Desktop", "Rancher Desktop", "Other virtual machines", "Linux"):
            expect(page.locator(".tabbed-labels").get_by_text(name, exact=True)).to_be_visible()


def _all(page: Page, selector: str) -> list[Any]:
    found = page.locator(selector).all()
    assert len(found) >= 5
    return found
