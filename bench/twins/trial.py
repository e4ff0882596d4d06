"""Tries one kind of project: its image as it is, the change, and the image that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from docker import DockerClient

from bench.twins.base import BASE
from bench.twins.building import becomes_healthy, build, real_size, save
from bench.twins.kinds import Kind
from hcreport.collect.context import read_context
from hcreport.collect.layers.archive import read_archive
from hcreport.contents.analysis import Analysis, analyse
from hcreport.contents.attribution import attribute
from hcreport.contents.copied import context_copies, in_context
from hcreport.contents.image import ImageFiles
from hcreport.contents.merged import merge
from hcreport.contents.target import TargetPlan
from hcreport.model import Group
from hcreport.render.dockerfile import Change, write_change

OTHER_USER = "10001:10001"
"""As whom the smaller image is tried too, where it runs as root."""

_WASTE: tuple[Group, ...] = (
    *("package-caches", "bytecode", "documentation", "logs-and-temporary-files"),
    *("build-tools", "static-libraries", "tests"),
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one kind."""

    kind: str
    from_image: bool
    """The first stage was the image itself, not the project's Dockerfile."""
    fat: int
    """Bytes, as all sizes here."""
    predicted: int
    built: int
    parts: Mapping[str, tuple[int, int]]
    """Bytes of each part of the plan: predicted, and as built."""
    unhealthy: str
    """Why the built image's container did not become healthy; empty where it did."""
    as_root: bool
    """The image names no user of its own."""
    unhealthy_as_other: str
    """The same for a user without rights, where the image names none."""
    missing: tuple[str, ...]
    """Packages of the plan that the built image does not have."""
    surplus: tuple[str, ...]
    """Packages that it has, and the plan does not."""
    wasted: Mapping[str, int]
    """Bytes that it still has above its base and could do without, by group."""
    change: Change

    @property
    def error(self) -> float:
        """Share by which the prediction is too high, or too low where negative."""
        return self.predicted / self.built - 1


@dataclass(frozen=True, kw_only=True)
class Fat:
    """The image of a project as its own Dockerfile makes it."""

    kind: Kind
    tag: str
    context: Path
    image: ImageFiles
    size: int


def build_fat(client: DockerClient, host: str, kind: Kind, folder: Path, *, buildkit: bool) -> Fat:
    """Lay a project out, build its image and read it. Raises BuildFailed."""
    context = folder / kind.name
    kind.lay_out(context)
    tag = f"hcreport-twins/{kind.name.replace('_', '-')}:fat"
    build(host, tag, context, buildkit=buildkit)
    image = _read(client, tag, folder)
    return Fat(kind=kind, tag=tag, context=context, image=image, size=sum(real_size(client, tag)))


def _read(client: DockerClient, tag: str, folder: Path) -> ImageFiles:
    archive = folder / "image.tar"
    try:
        save(client, tag, archive)
        (image,) = read_archive(archive)
    finally:
        archive.unlink(missing_ok=True)
    return image


def try_change(
    client: DockerClient, host: str, fat: Fat, folder: Path, *, from_image: bool, buildkit: bool
) -> Trial:
    """Write the change for an image, build it, and look at what came out. Raises BuildFailed."""
    text = (fat.context / "Dockerfile").read_text(encoding="utf-8")
    scan = None if from_image else read_context(fat.context)
    known = {BASE: tuple(client.images.get(BASE).attrs["RootFS"]["Layers"])}
    analysis = analyse(
        fat.image,
        known=known if from_image else None,
        dockerfile=None if from_image else text,
        ignored=in_context(context_copies(fat.image, text), scan.ignored) if scan else None,
    )
    if analysis.plan is None:
        raise ValueError("there is no plan for this image")
    change = write_change(
        fat.image,
        analysis.plan,
        dockerfile=None if from_image else text,
        advised=[each.pattern for each in scan.advised] if scan else (),
        build_from=fat.tag,
    )
    dockerfile = folder / "Dockerfile.smaller"
    dockerfile.write_text(change.dockerfile, encoding="utf-8")
    ignore_file = fat.context / ".dockerignore"
    before = ignore_file.read_text(encoding="utf-8") if ignore_file.exists() else None
    tag = f"{fat.tag.partition(':')[0]}:smaller"
    try:
        ignore_file.write_text((before or "") + change.ignore_file, encoding="utf-8")
        build(host, tag, fat.context, dockerfile=dockerfile, buildkit=buildkit)
    finally:
        if before is None:
            ignore_file.unlink()
        else:
            ignore_file.write_text(before, encoding="utf-8")
    twin = analyse(_read(client, tag, folder), known=known)
    as_root = twin.image.config.user in ("", "root", "0")
    return Trial(
        kind=fat.kind.name,
        from_image=from_image,
        fat=fat.size,
        predicted=analysis.plan.predicted,
        built=sum(real_size(client, tag)),
        parts=_parts(analysis.plan, twin),
        unhealthy=becomes_healthy(client, tag),
        as_root=as_root,
        unhealthy_as_other=becomes_healthy(client, tag, user=OTHER_USER) if as_root else "",
        missing=_difference(analysis.plan.kept_packages, _packages(twin)),
        surplus=_difference(_packages(twin), (*analysis.plan.kept_packages, *_of_base(twin))),
        wasted=_wasted(twin),
        change=change,
    )


def _parts(plan: TargetPlan, twin: Analysis) -> dict[str, tuple[int, int]]:
    """Return the bytes of the plan's parts beside those of the layers that stand for them."""
    base = plan.base.layers
    steps = twin.image.steps()
    built = {"base": 0, "packages": 0, "copies": 0}
    for number, (layer, step) in enumerate(zip(twin.image.layers, steps, strict=True)):
        text = step.text if step else ""
        installs = any(each in text for each in ("apt-get install", "apk add", "dnf install"))
        part = "base" if number < base else "packages" if installs else "copies"
        built[part] += layer.size
    expected = {name: plan.sizes.get(name, 0) for name in built}
    expected["packages"] += plan.sizes.get("records", 0)
    return {name: (expected[name], built[name]) for name in built}


def _packages(twin: Analysis) -> tuple[str, ...]:
    found = twin.attribution.os
    return tuple(found.packages) if found else ()


def _of_base(twin: Analysis) -> tuple[str, ...]:
    """Return the packages that the base has already."""
    if twin.base is None:
        return ()
    layers = twin.image.layers[: twin.base.layers]
    found = attribute(replace(twin.image, layers=layers, history=()), merge(layers)).os
    return tuple(found.packages) if found else ()


def _difference(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(one).difference(other)))


def _wasted(twin: Analysis) -> dict[str, int]:
    """Return what the built image still has above its base that nobody reads, by group."""
    below = twin.base.layers if twin.base else 0
    groups: dict[str, int] = {}
    for each in twin.attribution.by_layer[below:]:
        for group in _WASTE:
            groups[group] = groups.get(group, 0) + each.get(group, 0)
    groups["hidden"] = twin.reclaimable
    return {name: size for name, size in groups.items() if size}
