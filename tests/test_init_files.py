"""``hcreport init``: where the files go, what stays as it is, and what is refused or taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hcreport.cli import run
from hcreport.config import Config, read_config
from hcreport.errors import HcreportError, UsageError
from hcreport.snapshot import format_snapshot, parse_snapshot
from hcreport.starter import Start, StartFile, StartRequest, make_start, write_start
from hcreport.starter.mkdocs_lines import site_lines
from hcreport.starter.places import Place, find_place, first_snapshot, place_of_first_snapshot

SNAPSHOT = """\
{"schema": 1, "taken_at": "2026-01-02T03:04:05Z", "tool": "a test",
 "project": {"name": "shop", "compose_files": ["compose.yaml"]},
 "scenarios": [{"name": "all: of # it"}]}
"""
COMPOSE = "name: shop\nservices: {web: {image: scratch}}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a Compose file, in a repository."""
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return folder


def place_of(folder: Path, *files: str) -> Place:
    return find_place(folder, files, (), {})


def start_of(folder: Path, config: Config | None = None, *files: str) -> Start:
    request = StartRequest(place=place_of(folder, *files), config=config or Config())
    return make_start(request, parse_snapshot(SNAPSHOT))


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    ("there", "files"),
    [
        (["compose.yaml"], ()),
        (["docker-compose.yml", "deploy/compose.yaml"], ()),
        (["deploy/compose.yaml"], ("deploy/compose.yaml",)),
        (
            ["ops/docker/compose.yaml", "ops/docker/compose.override.yaml"],
            ("ops/docker/compose.yaml", "ops/docker/compose.override.yaml"),
        ),
        (["deploy/compose.yaml", "node_modules/x/compose.yaml"], ("deploy/compose.yaml",)),
        (["deploy/compose.yaml", ".cache/compose.yaml"], ("deploy/compose.yaml",)),
        (["deploy/compose.yaml", "a/b/c/compose.yaml"], ("deploy/compose.yaml",)),
    ],
)
def test_the_compose_project_is_found(
    tmp_path: Path, there: list[str], files: tuple[str, ...]
) -> None:
    _touch(tmp_path, there)
    place = place_of(tmp_path)
    assert place.files == files
    assert place.folder == place.repository == tmp_path
    assert place.compose.files == tuple(tmp_path / each for each in files or there[:1])


@pytest.mark.parametrize(
    ("there", "folder", "code", "said"),
    [
        (["README"], ".", 3, "name its file with -f"),
        (
            ["a/compose.yaml", "b/compose.yml"],
            ".",
            2,
            "but 2 below it: a/compose.yaml, b/compose.yml",
        ),
        (
            ["compose.yaml", "src/main.py"],
            "src",
            2,
            "lies above this folder",
        ),
        (["compose.yaml"], "nowhere", 2, "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_started_is_explained(
    tmp_path: Path, there: list[str], folder: str, code: int, said: str
) -> None:
    _touch(tmp_path, there)
    with pytest.raises(HcreportError) as caught:
        place_of(tmp_path / folder)
    assert caught.value.exit_code == code
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert sorted(tree(tmp_path)) == sorted(
        {*there, *(str(Path(each).parent) for each in there)} - {"."}
    )


def _touch(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("services: {}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("there", "config", "found", "new"),
    [
        ({}, {}, None, "snapshots/d.json"),
        ({"snapshots/a.json": SNAPSHOT}, {}, "snapshots/a.json", None),
        # Another program's folder of that name would give a warning at every build.
        ({"snapshots/App.test.js.snap": "x"}, {}, None, "hcreport-snapshots/d.json"),
        ({"snapshots/x.json": "{}", "hcreport-snapshots/a.json": SNAPSHOT}, {},
         "hcreport-snapshots/a.json", None),
        ({}, {"snapshots_dir": "kept/here"}, None, "kept/here/d.json"),
        ({"kept/x.json": "{}"}, {"snapshots_dir": "kept"}, None, "kept/d.json"),
        ({"kept/d.json": "{}"}, {"snapshots_dir": "kept"}, None, "kept/d-2.json"),
        ({"one.json": SNAPSHOT}, {"snapshot": "one.json"}, "one.json", None),
        ({}, {"snapshot": "one.json"}, None, "one.json"),
    ],
)  # fmt: skip
def test_a_snapshot_that_is_there_is_used(
    tmp_path: Path, there: dict[str, str], config: dict[str, str], found: str | None, new: str
) -> None:
    for name, text in there.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = Config.model_validate(config)
    path = first_snapshot(tmp_path, settings)
    assert path == (tmp_path / found if found else None)
    if found is None:
        assert place_of_first_snapshot(tmp_path, settings, "d") == tmp_path / new


@pytest.mark.parametrize(
    ("own", "missing"),
    [
        ("title: Mine\n", ('snapshots_dir: "snapshots"', 'baseline: "snapshots/2026-01-02.json"')),
        ("snapshots_dir: kept\n", ('baseline: "kept/2026-01-02.json"',)),
        ("snapshot: one.json\nbaseline: one.json\n", ()),
    ],
)
def test_an_own_configuration_stays_and_what_it_lacks_is_named(
    shop: Path, own: str, missing: tuple[str, ...]
) -> None:
    (shop / "hcreport.yml").write_text(own, encoding="utf-8")
    start = start_of(shop, read_config(shop / "hcreport.yml"))
    assert start.missing == missing
    write_start(start)
    assert (shop / "hcreport.yml").read_text(encoding="utf-8") == own
    assert [each.path.name for each in start.kept] == ["hcreport.yml"]


def test_a_link_that_leads_nowhere_is_not_written_through(shop: Path) -> None:
    (shop / "hcreport.yml").symlink_to(shop / "elsewhere.yml")
    write_start(start_of(shop))
    assert not (shop / "elsewhere.yml").exists()


def test_where_one_file_cannot_be_written_none_is(shop: Path) -> None:
    """The third one: its folder is a file."""
    (shop / ".github").write_text("no folder", encoding="utf-8")
    before = tree(shop)
    with pytest.raises(UsageError) as caught:
        write_start(start_of(shop))
    assert "Nothing was written." in caught.value.message
    assert tree(shop) == before


def test_a_file_that_appears_meanwhile_stays(shop: Path) -> None:
    start = start_of(shop)
    (shop / "hcreport.yml").write_text("title: Mine\n", encoding="utf-8")
    before = tree(shop)
    with pytest.raises(UsageError):
        write_start(start)
    assert tree(shop) == before


def test_an_interruption_while_writing_takes_back_what_was_written(shop: Path) -> None:
    class Interrupting(str):
        __slots__ = ()

        def encode(self, *_: object) -> bytes:
            raise KeyboardInterrupt

    start = start_of(shop)
    last = StartFile(path=shop / "deep/er/last", text=Interrupting("x"), purpose="")
    before = tree(shop)
    with pytest.raises(KeyboardInterrupt):
        write_start(
            Start(
                files=(*start.files, last),
                missing=(),
                collect="",
                measured=False,
                site=None,
            )
        )
    assert tree(shop) == before


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_an_interruption_while_collecting_writes_nothing(shop: Path, tmp_path: Path) -> None:
    """A Compose that does not answer: Ctrl-C, as soon as it was asked."""
    slow, asked = tmp_path / "docker-compose", tmp_path / "asked"
    os.mkfifo(asked)
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *version*) echo 2.40.3; exit;; esac\n'
        f"echo asked > '{asked}'\nexec sleep 60\n",
        encoding="utf-8",
    )
    slow.chmod(0o755)
    before = tree(shop)
    with subprocess.Popen(
        [sys.executable, "-m", "hcreport", "init", "--no-engine"],
        cwd=shop,
        env=os.environ | {"HCREPORT_COMPOSE": str(slow)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        asked.read_text(encoding="utf-8")  # waits until the other side writes
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert "interrupted" in err
    assert tree(shop) == before


def test_the_scenario_and_the_project_of_a_snapshot_stay_text(shop: Path) -> None:
    hostile = parse_snapshot(
        SNAPSHOT.replace('"shop"', r'"x\n# y: [\u2028"').replace("all: of", r"\u0085a: &b *c")
    )
    request = StartRequest(place=place_of(shop), config=Config())
    write_start(make_start(request, hostile))
    text = (shop / "hcreport.yml").read_text(encoding="utf-8")
    assert read_config(shop / "hcreport.yml").title is None
    assert text.isprintable() or set(text) - set("\n") == {c for c in text if c.isprintable()}
    switched = text.replace("# title:", "title:").replace("# budgets:", "budgets:")
    switched = switched.replace("#   docker", "  docker").replace('#     "', '    "')
    (shop / "hcreport.yml").write_text(switched, encoding="utf-8")
    config = read_config(shop / "hcreport.yml")
    assert config.title == "x # y: ["
    assert list(config.budgets.docker_memory) == ["a: &b *c # it"]


@pytest.mark.parametrize(
    ("settings", "plugin", "nav"),
    [
        ("site_name: x\n", "plugins:\n  - search\n  - hcreport:\n      into: health", False),
        ("plugins: [search]\n", "  - hcreport:\n      into: health", False),
        ("plugins: {search: {}}\nnav: [a.md]\n", "  hcreport:\n    into: health", True),
        ("docs_dir: pages\nplugins: []\n", "  - hcreport:\n      into: health-report", False),
        ("x: !!python/name:os.system\nplugins: !ENV [A, []]\n",
         "  - hcreport:\n      into: health", False),
    ],
)  # fmt: skip
def test_the_lines_for_a_site_fit_its_settings(
    tmp_path: Path, settings: str, plugin: str, *, nav: bool
) -> None:
    (tmp_path / "pages" / "health").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(settings, encoding="utf-8")
    lines = site_lines(tmp_path)
    assert lines is not None
    assert (lines.plugin, bool(lines.nav)) == (plugin, nav)


@pytest.mark.parametrize("settings", [None, "plugins: [hcreport]\n"])
def test_no_lines_where_nothing_is_missing(tmp_path: Path, settings: str | None) -> None:
    if settings:
        (tmp_path / "mkdocs.yml").write_text(settings, encoding="utf-8")
    assert site_lines(tmp_path) is None


def test_the_next_snapshot_is_collected_as_the_first_one_was(shop: Path) -> None:
    (shop / "it's.yaml").write_text(COMPOSE, encoding="utf-8")
    request = StartRequest(
        place=place_of(shop, "it's.yaml"),
        config=Config(),
        profiles=("all",),
        project_name="shop",
        env_files=("ci.env",),
    )
    wanted = "-f 'it'\"'\"'s.yaml' --profile all -p shop --env-file ci.env -o snapshots/"
    assert request.collect_command("snapshots").startswith(f"hcreport collect {wanted}")
    assert request.stale_command == "hcreport check --stale -f 'it'\"'\"'s.yaml'"


def test_an_engine_that_was_named_has_to_answer(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a name, the Compose files are enough."""
    monkeypatch.chdir(shop)
    (shop / "snapshots").mkdir()
    before = tree(shop)
    with pytest.raises(SystemExit) as exit_info:
        run(["init", "--host", "ssh://-oProxyCommand=x"])
    assert exit_info.value.code in (2, 3)
    assert "Error: " in capsys.readouterr().err
    assert tree(shop) == before


def test_a_snapshot_that_is_written_is_the_one_that_was_taken(shop: Path) -> None:
    start = start_of(shop)
    write_start(start)
    written = (shop / "snapshots" / "2026-01-02.json").read_text(encoding="utf-8")
    assert written == format_snapshot(parse_snapshot(SNAPSHOT))
