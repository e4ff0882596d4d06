"""Reads the layers of an engine's images: in its folder, from the cache, or through its API."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from hcreport.collect.engine import Connection
from hcreport.collect.engine_errors import engine_failures, gap_reason
from hcreport.collect.history import chain_ids, layer_positions, read_instruction
from hcreport.collect.layers.content import Bounds
from hcreport.collect.layers.export import export_images, failure_reason, lack_of_room
from hcreport.collect.layers.image_config import read_config, read_history
from hcreport.collect.layers.overlay import (
    DRIVER,
    NotInPlaceError,
    OverlayFolder,
    local_data_root,
)
from hcreport.collect.layers.reader import nothing
from hcreport.contents.image import HistoryEntry, ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.errors import HcreportError
from hcreport.units import Bytes

if TYPE_CHECKING:
    from hcreport.collect.layers.cache import LayerCache

Json = dict[str, Any]

_ENGINE_WITHOUT_LINKS = 25
"""From this version on an archive is an OCI layout, whose layers have their digests for names."""

_MISSING = "The engine has no image of this name; pull it or build it first."


@dataclass(frozen=True, kw_only=True)
class EngineImages:
    """What was read of an engine's images."""

    images: Mapping[str, ImageFiles]
    """By the reference that was asked for."""
    read: Literal["engine", "folder"]
    """``folder`` where nothing had to go through the engine's API."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """By reference: why an image could not be read, and what to do; one sentence each."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """An image that was asked for, as the engine describes it."""

    reference: str
    details: Json
    """Its inspect reply."""

    @property
    def id(self) -> str:
        """Return what the engine calls it; not always the digest of its configuration."""
        return str(self.details["Id"])

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Return digests of its layers, oldest first."""
        return tuple((self.details.get("RootFS") or {}).get("Layers") or ())

    @property
    def key(self) -> str:
        """Return a digest that names the image for the cache."""
        text = " ".join((self.id, *self.diff_ids))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_engine_images(
    connection: Connection,
    references: Sequence[str],
    *,
    on_bytes: Callable[[int], None] = nothing,
    cache: LayerCache | None = None,
    in_place: bool = True,
) -> EngineImages:
    """Return the layers of images by reference; what several of them have is read once.

    Each layer comes from the cache, else from the engine's folder where ``in_place`` and this
    process may read it; images with other layers come through the engine's API, all in one request.
    ``on_bytes`` is told how many bytes were just read. An image that cannot be read is a failure;
    nothing is raised but what ``on_bytes`` raises.
    """
    return _Reading(connection, on_bytes, cache).read(references, in_place=in_place)


class _Reading:
    """One call of :func:`read_engine_images`."""

    def __init__(
        self, connection: Connection, on_bytes: Callable[[int], None], cache: LayerCache | None
    ) -> None:
        self._connection = connection
        self._client: Any = connection.client
        self._on_bytes, self._cache = on_bytes, cache
        self._layers: dict[str, LayerFiles] = {}
        self._histories: dict[str, Sequence[Json]] = {}
        self._images: dict[str, ImageFiles] = {}
        self._failures: dict[str, str] = {}

    def read(self, references: Sequence[str], *, in_place: bool) -> EngineImages:
        """Return what is read of these images."""
        asked = list(self._inspected(dict.fromkeys(references)))
        info = self._info() if asked else {}
        root = local_data_root(self._connection.address, info)
        readable = in_place and root is not None and info.get("Driver") == DRIVER
        folder = OverlayFolder(root) if readable and root else None
        waiting = [each for each in asked if not self._is_read(each, folder)]
        if waiting:
            self._request(waiting, info)
        return EngineImages(
            images=self._images,
            read="engine" if waiting or folder is None else "folder",
            failures=self._failures,
        )

    def _inspected(self, references: Iterable[str]) -> Iterator[_Asked]:
        from docker.errors import NotFound

        for reference in references:
            try:
                asked = _Asked(reference=reference, details=self._client.inspect_image(reference))
                asked.key  # noqa: B018  (it fails where the reply has not the form it should have)
            except NotFound:
                self._failures[reference] = _MISSING
            except engine_failures() as error:
                self._failures[reference] = gap_reason(error)
            else:
                yield asked

    def _info(self) -> Json:
        try:
            return dict(self._client.info())
        except engine_failures():
            return {}

    def _is_read(self, asked: _Asked, folder: OverlayFolder | None) -> bool:
        """Take in an image without the engine's API, and tell whether that was possible."""
        bounds = Bounds()
        for diff_id, chain in zip(asked.diff_ids, chain_ids(asked.diff_ids), strict=True):
            is_new = diff_id not in self._layers
            layer = self._layer(diff_id)
            if layer is not None:
                self._on_bytes(layer.size if is_new else 0)
                continue
            if folder is None:
                return False
            try:
                self._take(folder.read_layer(chain, diff_id, bounds, on_bytes=self._on_bytes))
            except NotInPlaceError:
                return False
        history, notes = self._history(asked, folder)
        self._images[asked.reference] = ImageFiles(
            name=asked.reference,
            id=asked.id,
            layers=tuple(self._layers[each] for each in asked.diff_ids),
            history=history,
            config=read_config(asked.details),
            linked=self._linked(asked),
            notes=(*notes, *_notes_on(bounds)),
        )
        return True

    def _linked(self, asked: _Asked) -> frozenset[int]:
        """Return the layers that an archive of this image alone holds as links.

        Asked of the engine, not of the archive: with several images in one, more of them are links.
        """
        major = str(self._connection.version.get("Version", "")).partition(".")[0]
        if not major.isdecimal() or int(major) >= _ENGINE_WITHOUT_LINKS:
            return frozenset()
        ids = asked.diff_ids
        return frozenset(number for number, each in enumerate(ids) if each in ids[:number])

    def _layer(self, diff_id: str) -> LayerFiles | None:
        """Return a layer that was read for another image, or is in the cache."""
        layer = self._layers.get(diff_id)
        if layer is None and self._cache is not None:
            layer = self._cache.load(diff_id)
            if layer is not None:
                self._layers[diff_id] = layer
        return layer

    def _take(self, layer: LayerFiles) -> None:
        """Keep a layer that was read."""
        self._layers[layer.diff_id] = layer
        if self._cache is not None:
            self._cache.store(layer)

    def _history(
        self, asked: _Asked, folder: OverlayFolder | None
    ) -> tuple[tuple[HistoryEntry, ...], tuple[str, ...]]:
        """Return an image's steps, oldest first, and notes on what is missing.

        The engine's API does not tell which steps made layers; its folder and the cache do.
        """
        if folder is not None:
            with contextlib.suppress(NotInPlaceError):
                return read_history(folder.configuration(asked.id)), ()
        entries = list(reversed(self._api_history(asked)))
        if not entries:
            return (), ("The steps that made the image could not be read.",)
        empty: Sequence[bool] = (self._cache.load_steps(asked.key) if self._cache else None) or ()
        if len(empty) != len(entries):
            empty = _empty_steps(entries, len(asked.diff_ids))
        texts = [entry.get("CreatedBy") or "" for entry in entries]
        steps = zip(texts, empty, strict=True)
        return tuple(HistoryEntry(text=text, empty=each) for text, each in steps), ()

    def _api_history(self, asked: _Asked) -> Sequence[Json]:
        """Return the engine's reply, newest first; empty where there is none."""
        if asked.id not in self._histories:
            try:
                self._histories[asked.id] = list(self._client.history(asked.id))
            except engine_failures():
                self._histories[asked.id] = ()
        return self._histories[asked.id]

    def _request(self, waiting: Sequence[_Asked], info: Json) -> None:
        """Ask the engine for images, all at once; one by one where that does not work."""
        lack = lack_of_room(
            self._connection,
            [each.details for each in waiting],
            {each.id: self._api_history(each) for each in waiting},
            info,
        )
        reason = lack or self._try_to_export(waiting)
        if reason and len(waiting) > 1:
            for each in waiting:
                self._request([each], info)
        elif reason:
            self._failures[waiting[0].reference] = reason

    def _try_to_export(self, waiting: Sequence[_Asked]) -> str | None:
        """Take in images from the engine's archive; return why that was not possible."""
        try:
            images = export_images(
                self._connection,
                list({each.id: each.reference for each in waiting}.values()),
                known=self._layer,
                on_bytes=self._on_bytes,
            )
        except HcreportError as error:
            return error.message
        except engine_failures() as error:
            return failure_reason(error)
        for each in waiting:
            found = _match(each, images)
            if found is None:
                self._failures[each.reference] = "The engine's archive does not hold the image."
            else:
                self._keep(each, found)
        return None

    def _keep(self, asked: _Asked, image: ImageFiles) -> None:
        """Take in an image from the engine's archive."""
        for layer in image.layers:
            if layer.diff_id not in self._layers:
                self._take(layer)
        self._images[asked.reference] = replace(
            image,
            name=asked.reference,
            id=asked.id,
            layers=tuple(self._layers[each] for each in asked.diff_ids),
            linked=self._linked(asked),
        )
        if self._cache is not None:
            self._cache.store_steps(asked.key, [step.empty for step in image.history])


def _match(asked: _Asked, images: Iterable[ImageFiles]) -> ImageFiles | None:
    """Return the image that was asked for: its id may be a digest that an archive does not name."""
    same = [each for each in images if _diff_ids(each) == asked.diff_ids]
    return min(
        same,
        key=lambda each: (each.id != asked.id, each.name != asked.reference),
        default=None,
    )


def _notes_on(bounds: Bounds) -> tuple[str, ...]:
    if not bounds.passed_over:
        return ()
    return (f"{bounds.passed_over:,} files were not looked into, because there are too many.",)


def _diff_ids(image: ImageFiles) -> tuple[str, ...]:
    return tuple(layer.diff_id for layer in image.layers)


def _empty_steps(entries: Sequence[Json], layers: int) -> list[bool]:
    """Conclude which steps made no layer; where that is not certain, say of none that it did not.

    The number of steps that made one is then not that of the layers, and nobody matches them.
    """
    names = [read_instruction(entry.get("CreatedBy") or "").name for entry in entries]
    sizes = [Bytes(max(int(entry.get("Size") or 0), 0)) for entry in entries]
    positions = layer_positions(names, sizes, layers)
    if sum(each is not None for each in positions) != layers:
        return [False] * len(entries)
    return [each is None for each in positions]
