"""What is written for a smaller image builds, starts as before, and weighs what was predicted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.twins.base import BASE, BaseUnavailable, import_base
from bench.twins.building import BuildFailed, becomes_healthy, build, command_line, save
from bench.twins.kinds import for_tests
from bench.twins.trial import Fat, build_fat, try_change
from hcreport.collect.layers.archive import read_archive
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import Kind as FileKind
from hcreport.contents.merged import merge
from hcreport.contents.target import BaseImage, TargetPlan
from hcreport.render.dockerfile import write_change
from tests.dockerfile_case import hadolint
from tests.engine_fixture import RunningEngine, unavailable
from tests.engine_fixture import engine_of_its_own as engine

__all__ = ["engine"]

pytestmark = pytest.mark.engine

NEAR = 0.05
"""Share by which a prediction may miss."""

KINDS = {kind.name: kind for kind in for_tests()}

SMALL_BASE = "hcreport-test/small:1"
ODD = "hcreport-test/odd:1"
ODD_AGAIN = "hcreport-test/odd:2"

ODD_IMAGE = f"""
FROM {SMALL_BASE}
RUN mkdir -p /srv/own/empty /srv/shared /home/app/data /srv/sticky \\
 && echo one > /srv/own/a && ln /srv/own/a /srv/own/b && ln -s a /srv/own/l \\
 && cp /bin/busybox /srv/own/raised && chown -R 1234:56 /srv/own && chmod 4755 /srv/own/raised \\
 && chmod 700 /srv/own/empty && chmod 2775 /srv/shared && chmod 1777 /srv/sticky \\
 && echo two > "/srv/shared/a b" && chown 1234 /home/app && chmod 711 /home/app \\
 && echo three > /home/app/data/x && ln -s /srv/own /opt/link && ln -s nowhere /opt/dangling \\
 && echo four > /opt/file && chown 7:8 /opt/file && chmod 600 /opt/file
ENV A="b \\"c\\" \\$d" B='C:\\x\\' C="it's \\\\" D="größer ✓" E="" F="x=y # z"
LABEL one.two/three="a \\"b\\" \\$c" four='C:\\x'
WORKDIR "/srv/my folder"
EXPOSE 8080 53/udp
VOLUME ["/home/app/data"]
USER 1234:56
STOPSIGNAL SIGINT
HEALTHCHECK --interval=90s --timeout=1500ms --start-period=1h --retries=5 CMD echo "a" | grep $A
ENTRYPOINT ["/bin/busybox", "sh", "-c", "echo \\"$0\\" '$@' \\\\ é"]
CMD echo $A "b"
"""


@pytest.fixture(scope="module")
def odd(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> ImageFiles:
    """Return an image in which everything is unusual that a builder may get wrong."""
    engine.build(SMALL_BASE, "FROM scratch\nCOPY busybox /bin/busybox\n" + APPLETS)
    engine.build(ODD, ODD_IMAGE)
    return saved(engine, ODD, tmp_path_factory.mktemp("odd"))


def saved(engine: RunningEngine, tag: str, folder: Path) -> ImageFiles:
    save(engine.client, tag, folder / "image.tar")
    (image,) = read_archive(folder / "image.tar")
    return image


APPLETS = 'RUN ["/bin/busybox", "--install", "-s", "/bin"]\nRUN mkdir -p /opt /home\n'


@pytest.mark.parametrize("buildkit", [False, True], ids=["classic", "buildkit"])
@pytest.mark.parametrize(
    "copies",
    [
        ("/srv", "/home/app/data", "/opt/link", "/opt/dangling", "/opt/file"),
        ("/srv/own", "/srv/shared", "/srv/sticky", "/home/app", "/opt"),
    ],
    ids=["files", "folders"],
)
def test_both_builders_read_back_what_was_meant(
    engine: RunningEngine,
    odd: ImageFiles,
    copies: tuple[str, ...],
    buildkit: bool,
    tmp_path: Path,
) -> None:
    plan = TargetPlan(
        base=BaseImage(layers=3, size=1, reference=SMALL_BASE), copies=copies, sizes={}
    )
    change = write_change(odd, plan, build_from=ODD)
    (tmp_path / "Dockerfile").write_text(change.dockerfile, encoding="utf-8")
    require_command_line(buildkit=buildkit)
    build(engine.host, ODD_AGAIN, tmp_path, buildkit=buildkit)
    engine.images.add(ODD_AGAIN)
    again = saved(engine, ODD_AGAIN, tmp_path)
    check = {**odd.config.health_check, "Test": ["CMD", "/bin/sh", "-c", 'echo "a" | grep $A']}
    assert again.config == replace(odd.config, health_check=check)
    before, after = seen(odd), seen(again)
    for path in before:
        if any(f"/{path}/".startswith(f"{each}/") for each in (*copies, "/home/app", "/opt")):
            assert after.get(path) == before[path], path


def seen(image: ImageFiles) -> dict[str, tuple[object, ...]]:
    """Return what is to be the same of every path: kind, owner, mode, link, and bytes."""
    merged = merge(image.layers)
    found: dict[str, tuple[object, ...]] = {}
    for path, layer, position in merged.items():
        kind = FileKind(layer.kinds[position])
        kind = FileKind.FILE if kind is FileKind.HARDLINK else kind
        link = layer.links.get(position) if kind is FileKind.SYMLINK else None
        mode = layer.modes[position] & 0o7777
        found[path.decode()] = (kind, layer.owners[position], mode, link)
    return found


def require_command_line(*, buildkit: bool) -> None:
    program, has_buildkit = command_line()
    if not program:
        unavailable("there is no docker command line to build with")
    if buildkit and not has_buildkit:
        unavailable("the docker command line has no BuildKit: install docker-buildx")


@pytest.fixture(scope="module")
def with_base(
    engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEngine]:
    """Yield the engine with the image that the kinds start from."""
    require_command_line(buildkit=True)
    try:
        if import_base(engine.client, tmp_path_factory.mktemp("base")):
            engine.images.add(BASE)
    except BaseUnavailable as error:
        unavailable(str(error))
    yield engine
    for image in engine.client.images.list("hcreport-twins/*"):
        engine.client.images.remove(str(image.id), force=True)


ODD_NAMES = f"""
FROM {BASE}
RUN mkdir -p "/srv/a b/empty" /srv/own && echo one > "/srv/[id].js" && echo two > "/srv/own/\\$x" \\
 && ln "/srv/own/\\$x" /srv/own/twin && chown -R 1234:56 /srv/own && chmod 2750 /srv/own \\
 && ln -s /nowhere "/srv/a link" && chmod 1777 "/srv/a b" && chmod 711 /srv
"""


@pytest.mark.parametrize("buildkit", [False, True], ids=["classic", "buildkit"])
def test_odd_names_are_gathered_and_copied_together(
    with_base: RunningEngine, buildkit: bool, tmp_path: Path
) -> None:
    with_base.build(ODD, ODD_NAMES)
    image = saved(with_base, ODD, tmp_path)
    copies = ("/srv/a b", "/srv/[id].js", "/srv/own")
    base = BaseImage(layers=1, size=1, reference=BASE)
    plan = TargetPlan(base=base, copies=copies, links={"/srv/a link": "/nowhere"}, sizes={})
    change = write_change(image, plan, build_from=ODD)
    (tmp_path / "Dockerfile").write_text(change.dockerfile, encoding="utf-8")
    build(with_base.host, ODD_AGAIN, tmp_path, buildkit=buildkit)
    with_base.images.add(ODD_AGAIN)
    before, after = seen(image), seen(saved(with_base, ODD_AGAIN, tmp_path))
    odd = {path for path in before if path == "srv" or path.startswith("srv/")}
    assert len(odd) == 8
    assert {path: after.get(path) for path in odd} == {path: before[path] for path in odd}
    assert after["tmp"] == before["tmp"]


@pytest.fixture(scope="module")
def fat(
    request: pytest.FixtureRequest,
    with_base: RunningEngine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Fat:
    """Return the image of a project as its own Dockerfile makes it; it works."""
    kind = KINDS[request.param]
    folder = tmp_path_factory.mktemp(kind.name)
    try:
        made = build_fat(with_base.client, with_base.host, kind, folder, buildkit=True)
    except BuildFailed as error:
        unavailable(f"{kind.name} cannot be built: {error}")
        raise
    assert becomes_healthy(with_base.client, made.tag) == ""
    return made


@pytest.mark.parametrize(
    ("fat", "from_image"),
    [
        ("python_api", False),
        ("node_web", False),
        ("c_server", False),
        ("c_server", True),
        ("static_site", True),
    ],
    indirect=["fat"],
)
def test_the_change_gives_what_was_predicted(
    with_base: RunningEngine, fat: Fat, from_image: bool, tmp_path: Path
) -> None:
    """The image is built as advised, is as large as predicted, and its program still works."""
    trial = try_change(
        with_base.client, with_base.host, fat, tmp_path, from_image=from_image, buildkit=True
    )
    assert trial.unhealthy == "", trial.change.dockerfile
    assert trial.unhealthy_as_other == ""
    assert abs(trial.error) <= NEAR, trial
    assert trial.built < 0.75 * trial.fat
    assert (trial.missing, trial.surplus) == ((), ())
    file = tmp_path / "Dockerfile"
    file.write_text(trial.change.dockerfile, encoding="utf-8")
    done = subprocess.run([hadolint(), str(file)], check=False, capture_output=True, text=True)
    assert done.stdout + done.stderr == ""
