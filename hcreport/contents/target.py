"""What a smaller image is made of: the plan that predicts its size and that its Dockerfile follows.

The plan is always of one form. A first stage makes what the image has today; the last stage starts
from the same base, installs the packages of the operating system that are still needed, and copies
from the first stage what else stays. So the size of the result is the size of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hcreport.model import ImageStep


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """The layers that an image has from the image it starts from."""

    layers: int
    """How many of its layers, the oldest."""
    size: int
    """Bytes of them."""
    reference: str | None = None
    """The base image's name, where it is known."""
    certain: bool = False
    """A named image has exactly these layers, or a Dockerfile names it; else it was concluded from
    the history."""


@dataclass(frozen=True, kw_only=True)
class TargetPlan:
    """What stays of an image, and how it gets into the new one."""

    base: BaseImage
    manager: str = ""
    """``apt``, ``apk`` or ``dnf``; empty where nothing has to be installed."""
    packages: tuple[str, ...] = ()
    """Packages to install in the last stage, sorted; what they depend on follows by itself."""
    kept_packages: tuple[str, ...] = ()
    """All packages above the base that stay, with those that follow, sorted."""
    dropped_packages: tuple[str, ...] = ()
    """Packages above the base that do not stay, sorted."""
    uninstall: tuple[str, ...] = ()
    """Python distributions to uninstall in the first stage, sorted."""
    prune: tuple[str, ...] = ()
    """Folders in which ``npm prune --omit=dev`` is run in the first stage."""
    delete: tuple[str, ...] = ()
    """Absolute paths to delete in the first stage, sorted; none lies in another."""
    copies: tuple[str, ...] = ()
    """Absolute paths to copy from the first stage, sorted; none lies in another."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links to make in the last stage, by absolute path: where they point, as written.
    ``COPY`` follows a link that it is asked for, so a single one cannot be copied."""
    remove: tuple[str, ...] = ()
    """Absolute paths that the base or its packages bring and that the image deleted: removed in the
    last stage in the instruction that installs the packages."""
    rights: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """Folders of the base to which the image gave other rights, by absolute path: the mode, the
    user and the group that they get in the last stage."""
    steps: tuple[ImageStep, ...] = ()
    sizes: Mapping[str, int]
    """Bytes of the parts of the new image: ``base``, ``packages``, ``copies``, ``records`` (what
    the package manager writes about itself). They add up to ``predicted``."""
    notes: tuple[str, ...] = ()
    """What could break, and what was not measured."""

    @property
    def predicted(self) -> int:
        """Bytes that the image will have."""
        return sum(self.sizes.values())
