"""How the requirements page says to give Docker more memory: amounts, checks, warnings."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import markdown
import pytest

from hcreport.analyze import analyze
from hcreport.platforms import PLATFORMS, setting_for
from hcreport.render.headline import headline
from hcreport.render.memory_steps import memory_steps
from hcreport.render.pages import render_pages
from hcreport.units import Bytes, gib, gibibytes
from tests.fragments import snapshot_of

MODEL = gibibytes(10)
WSL = {
    "operating_system": "Docker Desktop",
    "kernel": "5.15.167.4-microsoft-standard-WSL2",
    "client_os": "windows",
}
LINUX = {"operating_system": "Debian GNU/Linux 12", "kernel": "6.1.0-28-amd64"}


def section(engine: dict[str, Any] | None) -> str:
    """Return the section of a stack with a model of :data:`MODEL`, as HTML."""
    parts: dict[str, Any] = {"models": [{"name": "llama", "memory": int(MODEL)}]}
    if engine is not None:
        parts["engine"] = {"memory_total": int(gibibytes(2)), **engine}
    snapshot = snapshot_of(parts)
    page = render_pages(snapshot, analyze(snapshot))["requirements.md"]
    text = page.split("## Give Docker more memory", 1)[1].split("\n## ", 1)[0]
    extensions = ["attr_list", "md_in_html", "tables"]
    return markdown.markdown(text, extensions=extensions)


def need() -> Bytes:
    """Return what the page says that Docker needs: the model, and what Docker itself keeps."""
    snapshot = snapshot_of({"models": [{"name": "llama", "memory": int(MODEL)}]})
    found = headline(snapshot, analyze(snapshot)).need
    assert found is not None
    assert found >= MODEL
    return found


def words(html: str) -> str:
    """Return the text of HTML with its character references resolved, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def own_part(html: str) -> str:
    """Return what stands before the platforms that the snapshot does not fit."""
    return html.split("<summary>Other ways to run Docker</summary>", maxsplit=1)[0]


@pytest.mark.parametrize("engine", [None, {}], ids=["no engine", "an engine that says nothing"])
def test_an_unknown_platform_gets_the_steps_of_each_with_its_amount(
    engine: dict[str, Any] | None,
) -> None:
    html = section(engine)
    labels = [words(each) for each in re.findall(r"<summary>(.*?)</summary>", html)]
    assert labels == [each.name for each in PLATFORMS.values()]
    tabs = [words(each) for each in html.split('<div id="memory-on-')[1:]]
    assert len(tabs) == len(PLATFORMS)
    for tab, platform in zip(tabs, PLATFORMS.values(), strict=True):
        setting = setting_for(need(), platform)
        if platform.virtual_machine:
            assert f"Set at least {gib(setting)}" in tab, platform.id
            assert f"The machine around it needs {gib(setting + gibibytes(4))}" in tab, platform.id
        else:
            assert f"The machine needs at least {gib(need())}" in tab, platform.id
        assert f"{platform.verify_command} It prints {int(need())} or more." in tab, platform.id
        assert f"To undo it: {platform.undo}" in tab, platform.id
        for line in platform.commands(setting):
            assert line in tab, platform.id
        wsl = platform.settings_file.endswith(".wslconfig")
        assert ("[wsl2] memory=11GB" in tab) == wsl, platform.id
        assert not (wsl and "Resources" in tab), platform.id
    assert "The platform was not measured" in words(html)


def test_a_known_platform_stands_open_and_the_others_are_folded() -> None:
    whole = section(WSL)
    for platform in PLATFORMS:
        assert whole.count(f'id="memory-on-{platform}"') == 1
    html = own_part(whole)
    assert "<summary>" not in html
    assert 'id="memory-on-docker-desktop-wsl2"' in html
    assert "[wsl2] memory=11GB" in words(html)
    assert "Resources" not in words(html)


def test_of_several_platforms_the_first_is_open() -> None:
    html = own_part(section({"operating_system": "Docker Desktop", "client_os": "windows"}))
    assert html.count("memory-on-") == 2
    opened = re.findall(r"<details([^>]*)>\s*<summary>([^<]*)", html)
    assert [(" open" in attributes, unescape(name)) for attributes, name in opened] == [
        (True, PLATFORMS["docker-desktop-wsl2"].name),
        (False, PLATFORMS["docker-desktop-hyperv"].name),
    ]
    assert "The snapshot fits several platforms" in words(html)


def test_a_machine_that_is_too_small_is_said() -> None:
    assert "does not fit" not in words(section(WSL))
    assert "does not fit" not in words(section({**WSL, "host_memory": int(gibibytes(15))}))
    small = words(section({**WSL, "host_memory": int(gibibytes(14))}))
    assert "This machine has 14 GiB: that does not fit. The checklist names other ways." in small


def test_over_the_network_the_steps_are_for_the_other_machine() -> None:
    sentence = "Follow the steps on the machine that runs it, not on yours."
    assert sentence in words(section({**LINUX, "remote": True}))
    assert sentence not in words(section(LINUX))


def test_an_engine_with_enough_is_told_so() -> None:
    sentence = "Docker has 16 GiB now, which is enough"
    assert sentence in words(section({**WSL, "memory_total": int(gibibytes(16))}))
    assert "which is enough" not in words(section(WSL))


def test_without_a_known_need_no_amount_is_named() -> None:
    for each in memory_steps((), None, None):
        assert (each.setting, each.machine, each.fits, each.expected) == (None, None, None, "")
        assert not re.search(r"\d", each.commands.replace("wsl2", ""))
