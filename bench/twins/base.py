"""Makes the image that all kinds start from: Debian's smallest system, by debootstrap.

Nothing is pulled. Where connections go through a proxy that signs for others, its certificates are
taken along, as the environment names them, so that pip and npm accept them inside a build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from docker import DockerClient

BASE = "debian-base:12"
"""What the kinds' Dockerfiles start from."""

SUITE = "bookworm"

_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_INSIDE = "/etc/host-ca.crt"


class BaseUnavailable(Exception):
    """The base cannot be made here; the message says why."""


def base_archive(folder: Path) -> Path:
    """Return an archive of the smallest system, made below ``folder`` or named by a variable.

    ``HCREPORT_TEST_BASE`` may name one that was made before. Raises BaseUnavailable.
    """
    made = os.environ.get("HCREPORT_TEST_BASE")
    if made:
        return Path(made)
    program = shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise BaseUnavailable("there is no debootstrap to make a base image with")
    if os.geteuid() != 0:
        raise BaseUnavailable("debootstrap needs root")
    root = folder / "root"
    done = subprocess.run(
        [program, "--variant=minbase", SUITE, str(root)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["it says nothing"]
        raise BaseUnavailable(f"debootstrap makes no system: {last[0]}")
    bundle = _bundle()
    if bundle is not None:
        shutil.copyfile(bundle, root / _INSIDE.strip("/"))
    archive = folder / "base.tar"
    with tarfile.open(archive, "w") as stream:
        for each in sorted(root.iterdir()):
            if each.name not in ("proc", "sys", "dev"):
                stream.add(each, each.name)
    shutil.rmtree(root)
    return archive


def import_base(client: DockerClient, folder: Path) -> bool:
    """Give an engine the base image; tell whether it did not have it. Raises BaseUnavailable."""
    if any(BASE in image.tags for image in client.images.list()):
        return False
    archive = base_archive(folder)
    changes = ['CMD ["bash"]']
    if _bundle() is not None:
        names = ("PIP_CERT", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
        changes.append("ENV " + " ".join(f"{name}={_INSIDE}" for name in names))
    name, _, tag = BASE.partition(":")
    client.api.import_image_from_file(str(archive), repository=name, tag=tag, changes=changes)
    return True


def _bundle() -> Path | None:
    """Return the certificates that the environment names."""
    named = (os.environ.get(name) for name in _CERTIFICATES)
    return next((Path(each) for each in named if each and Path(each).is_file()), None)
