"""A Debian system to put layers on, and what its image is attributed to."""

from __future__ import annotations

from typing import get_args

from hcreport.contents.attribution import Attribution, attribute
from hcreport.contents.image import ImageFiles
from hcreport.contents.merged import merge
from hcreport.model import Group
from tests.image_files import Content

SYSTEM = "ADD rootfs.tar.xz / # buildkit"
RUN = "RUN /bin/sh -c make # buildkit"
COPY = "COPY . /app # buildkit"


def package(name: str, *files: str, section: str = "libs", depends: str = "") -> dict[str, str]:
    """Return what dpkg records of a package: its paragraph, and its list under its path."""
    paragraph = (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Section: {section}\nDepends: {depends}\n"
    )
    return {name: paragraph, f"var/lib/dpkg/info/{name}.list": "".join(f"/{f}\n" for f in files)}


DPKG = (
    package("libc6", "usr/lib/libc.so.6", "usr/share/doc/libc6/copyright", "usr/share/man/de/x.1"),
    package("gcc-12", "usr/bin/gcc", "usr/lib/gcc/libgcc.a", section="devel", depends="libmpc3"),
    package("libmpc3", "usr/lib/libmpc.so.3"),
    package("libx-dev", "usr/include/x.h", "usr/lib/libx.a", section="libdevel"),
    package("libcudnn9", "usr/lib/libcudnn.so.9"),
    package("tool", "usr/share/tool", "usr/share/tool/list", "usr/lib/python3/dist-packages/t.py"),
    package("tool-doc", "usr/lib/tool.html", section="doc"),
)


def system() -> dict[str, Content]:
    """Return a first layer with Debian's database and the files of its packages."""
    files: dict[str, Content] = {"etc/passwd": b"root", "usr/share/tool": None}
    paragraphs = []
    for each in DPKG:
        (_, paragraph), (place, listed) = each.items()
        paragraphs.append(paragraph)
        files[place] = listed.encode()
        files |= {path[1:]: 100 for path in listed.split() if path != "/usr/share/tool"}
    files["var/lib/dpkg/status"] = "\n".join(paragraphs).encode()
    files["var/lib/apt/extended_states"] = (
        b"Package: libmpc3\nArchitecture: amd64\nAuto-Installed: 1\n"
    )
    return files


def attributed(image: ImageFiles) -> Attribution:
    """Attribute an image, and check that no byte was lost or counted twice."""
    merged = merge(image.layers)
    found = attribute(image, merged)
    assert sum(found.by_group.values()) == merged.size
    assert sum(sum(each.values()) for each in found.by_layer) == merged.size
    assert set(found.by_group) <= set(get_args(Group))
    return found
