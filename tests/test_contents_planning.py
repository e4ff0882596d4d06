"""What a plan copies, deletes and installs, and what the image weighs then, to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.contents.attribution import attribute
from hcreport.contents.image import HistoryEntry, ImageFiles
from hcreport.contents.merged import merge
from hcreport.contents.planning import needs_glibc, plan
from hcreport.contents.steps import MOST_NAMES, total
from hcreport.contents.target import BaseImage, TargetPlan
from hcreport.units import MIB
from tests.planned_images import (
    BASE,
    INSTALLED,
    Layer,
    Made,
    Package,
    debian,
    distribution,
    installing,
)
from tests.random_images import layer_files, random_image

LIBPQ = Package("libpq5", {"usr/lib/libpq.so.5": 5000}, section="libs")
GCC = Package("gcc", {"usr/bin/gcc": 90_000}, depends="cpp", section="devel")
CPP = Package("cpp", {"usr/bin/cpp": 8000}, section="devel", auto=True)
PYTHON = Package("python3", {"usr/bin/python3.11": 700, "usr/lib/python3.11/os.py": 5})
SITE = "usr/local/lib/python3.11/dist-packages"
DEB = {"var/cache/apt/archives/a.deb": 7000}
"""A file that goes in any case, so that there is something to save."""


def copied(files: dict[str, Any], **rest: Any) -> Made:
    """Return an image with these files beside packages; ``rest`` as for :class:`Layer`."""
    packages = installing((LIBPQ, GCC, CPP), BASE)
    packages.files |= DEB
    return Made((packages, Layer("COPY . /app # buildkit", files, **rest)))


@pytest.mark.parametrize(
    ("files", "copies", "delete"),
    [
        ({"app": None, "app/a": 1, "app/b/c": 2}, ["/app"], []),
        # What goes is deleted in the first stage, so that the folder is copied whole.
        ({"app/a": 1, "app/.git/x": 9, "app/.git/y/z": 9}, ["/app"], ["/app/.git"]),
        ({"app/a": 1, "app/run.log": 9}, ["/app"], ["/app/run.log"]),
        ({"app/.git/x": 9}, [], []),
        # Folders of the base are descended into; one that is empty there is copied whole.
        ({"opt/a/b": 1}, ["/opt/a"], []),
        ({"opt/a/b": 1, "opt/c/d": 1}, ["/opt"], []),
        ({"usr/bin/own": 1, "usr/bin/more": 1}, ["/usr/bin/more", "/usr/bin/own"], []),
        ({"usr/local/bin/a": 1}, ["/usr/local/bin/a"], []),
        ({"usr/local/bin/a": 1, "usr/local/bin/b": 1}, ["/usr/local/bin"], []),
        ({"etc/shop.conf": 3}, ["/etc/shop.conf"], []),
        ({"etc/hosts": 3, "etc/resolv.conf": 3, "proc/a": 3, "app/a": 1}, ["/app"], []),
        # Users are copied by what writes the Dockerfile, before packages come.
        ({"etc/passwd": 3, "etc/shadow": 3, "app/a": 1}, ["/app"], []),
        ({"data": None, "app/a": 1}, ["/app", "/data"], []),
        ({"root/.cache/pip/x": 3, "root/.cache/pip/http": None, "app/a": 1}, ["/app"], []),
        ({"app/logs/x.log": 3, "app/a": 1}, ["/app"], ["/app/logs/x.log"]),
        ({"var/log/shop/x.log": 3}, ["/var/log/shop"], ["/var/log/shop/x.log"]),
    ],
)
def test_few_paths_are_copied(files: dict[str, Any], copies: list[str], delete: list[str]) -> None:
    made = copied(files)
    made.below.files |= {"opt": None, "usr/local/bin": None, "etc/issue": 3}
    found = made.surely()
    assert list(found.copies) == copies
    assert list(found.delete) == delete


def test_modules_are_copied_whole_without_what_the_base_has_of_them() -> None:
    site = "usr/local/lib/python3.11/site-packages"
    own = {f"{site}/m{number}/a.py": 5 for number in range(8)}
    made = copied(own)
    made.below.files |= distribution(site, "pip", 900)
    found = made.surely()
    assert found.copies == (f"/{site}",)
    assert found.delete == (f"/{site}/pip", f"/{site}/pip-1.dist-info")
    assert found.sizes["copies"] == 40


def test_a_single_link_is_made_and_not_copied() -> None:
    found = copied({"app/a": 1, "usr/bin/shop": "-> ../../app/a"}).surely()
    assert found.links == {"/usr/bin/shop": "../../app/a"}
    assert found.copies == ("/app",)


def test_what_the_image_deletes_of_its_base_is_deleted_again() -> None:
    made = copied({"app/a": 1}, gone=("etc/nginx/conf.d", "usr/share/doc/x"))
    made.below.files |= {"etc/nginx/conf.d/default": 5, "usr/share/doc/x": 5}
    assert made.surely().remove == ("/etc/nginx/conf.d/default",)


def test_what_the_image_deletes_of_a_package_is_deleted_again() -> None:
    files = {"etc/nginx/sites-available/default": 5, "etc/nginx/mime": 5, "usr/share/doc/n": 5}
    layer = installing([Package("nginx", files)], BASE)
    del layer.files["etc/nginx/mime"], layer.files["usr/share/doc/n"]
    layer.files |= DEB
    found = Made((layer,)).surely()
    assert found.remove == ("/etc/nginx/mime", "/etc/nginx/sites-enabled/default")
    layer.files["etc/nginx/sites-enabled/default"] = "-> ../sites-available/default"
    assert Made((layer,)).surely().remove == ("/etc/nginx/mime",)


def test_folders_of_the_base_get_the_rights_that_they_have_today() -> None:
    made = copied(
        {"var/cache/nginx": None, "srv": None, "app/a": 1},
        owners={"var/cache/nginx": 101},
        modes={"var/cache/nginx": 0o700},
    )
    made.below.files |= {"var/cache/nginx": None, "srv": None}
    assert made.surely().rights == {"/var/cache/nginx": (0o700, 101, 0)}


def test_the_prediction_is_the_sum_of_what_stays() -> None:
    made = copied({"app/a": 100, "app/.git/x": 9, "usr/lib/python3/x.py": 1})
    found = made.surely()
    assert found.packages == ("libpq5",)
    assert found.dropped_packages == ("cpp", "gcc")
    assert found.manager == "apt"
    assert found.sizes["base"] == made.image().layers[0].size
    assert found.sizes["packages"] == 5000
    assert found.sizes["copies"] == 101
    status = sum(len(each.paragraph()) + 1 for each in (*BASE, LIBPQ))
    listed = len("/usr/lib/libpq.so.5\n")
    states = len("Package: cpp\nArchitecture: amd64\nAuto-Installed: 1\n")
    assert found.sizes["records"] == pytest.approx(status + listed + states / 3, abs=4)


def test_a_file_of_a_package_that_was_changed_is_copied_over_it() -> None:
    nginx = Package("nginx", {"etc/nginx.conf": 40, "usr/sbin/nginx": 9})
    layer = installing([nginx], BASE)
    layer.files |= DEB
    assert Made((layer,)).surely().copies == ()
    layer.times["etc/nginx.conf"] = INSTALLED + 3
    found = Made((layer,)).surely()
    assert found.copies == ("/etc/nginx.conf",)
    assert (found.sizes["copies"], found.sizes["packages"]) == (40, 49)
    # That there is one copy more than today makes the steps smaller.
    holds_together(Made((layer,)).image(), found)
    later = Layer("COPY nginx.conf /etc", {"etc/nginx.conf": 45})
    del layer.times["etc/nginx.conf"]
    assert Made((layer, later)).surely().copies == ("/etc/nginx.conf",)


def test_what_scripts_of_packages_make_belongs_to_them() -> None:
    site = "usr/lib/python3/dist-packages/__pycache__"
    python = Package("python3", {"usr/lib/python3/dist-packages/six.py": 5})
    tool = Package("make", {"usr/lib/python3/dist-packages/mk.py": 5})
    certificates = Package("ca-certificates", {"usr/sbin/update-ca-certificates": 5})
    layer = installing([python, tool, certificates], BASE)
    layer.files |= {
        f"{site}/six.cpython-311.pyc": 30,
        f"{site}/mk.cpython-311.pyc": 20,
        "etc/ssl/certs/ca-certificates.crt": 200,
        "etc/alternatives/mk": "-> /usr/lib/python3/dist-packages/mk.py",
        "usr/bin/mk": "-> /etc/alternatives/mk",
        "etc/ld.so.cache": 50,
    }
    found = Made((layer,)).surely()
    assert (found.copies, found.links) == ((), {})
    assert found.sizes["packages"] == 5 + 30 + 5 + 200


def test_certificates_that_somebody_added_are_copied_with_those_of_the_system() -> None:
    certificates = Package("ca-certificates", {"usr/sbin/update-ca-certificates": 5})
    layer = installing([certificates], BASE)
    layer.files |= DEB | {
        "etc/ssl/certs/ca-certificates.crt": 200,
        "usr/local/share/ca-certificates/own.crt": 9,
    }
    found = Made((layer,)).surely()
    assert "/etc/ssl/certs" in found.copies
    assert found.sizes["copies"] == 209


def test_a_file_with_several_names_stays_with_the_one_that_stays() -> None:
    """An installer may link modules from its cache: the cache goes, the modules' bytes stay."""
    cache, module = "root/.cache/uv/archive/a.py", f"{SITE}/a/a.py"
    found = copied({cache: 4000, module: f"=  {cache}"}).surely()
    assert found.copies == ("/usr/local/lib/python3.11",)
    assert found.sizes["copies"] == 4000


def test_bytecode_beside_what_the_base_has_goes() -> None:
    made = copied({"usr/lib/python3.11/__pycache__/os.cpython-311.pyc": 70, "app/a": 1})
    made.below.files |= {"usr/lib/python3.11/os.py": 9}
    assert made.surely().sizes["copies"] == 1


@pytest.mark.parametrize(
    ("files", "kind", "stays"),
    [
        ({"app/models/a.gguf": 11 * MIB}, "models", 0),
        ({"app/models/a.gguf": 2 * MIB}, "", 2 * MIB),
        ({"app/data/a.csv": 20 * MIB}, "datasets", 0),
        ({f"{SITE}/spacy/a.safetensors": 11 * MIB}, "", 11 * MIB),
        (
            {"srv/venv/pyvenv.cfg": b"x", "srv/venv/lib/python3.11/site-packages/a.py": 8},
            "context",
            0,
        ),
        ({"usr/local/cargo/bin/cargo": 800}, "build-tools", 0),
        ({"app/.git/objects/x": 800}, "context", 0),
    ],
)
def test_dead_weight_goes_with_a_step(files: dict[str, Any], kind: str, stays: int) -> None:
    made = copied(files)
    found = made.surely()
    kinds = {step.kind for step in found.steps} - {"caches", "hidden"}
    certain = {step.certainty for step in found.steps if step.kind in {"models", "datasets"}}
    assert found.sizes["copies"] == stays
    assert kinds - {"build-tools"} == ({kind} if kind else set()) - {"build-tools"}
    assert certain <= {"likely"}


def test_an_environment_that_the_image_runs_stays() -> None:
    files = {"srv/venv/pyvenv.cfg": b"x", "srv/venv/lib/python3.11/site-packages/a.py": 8}
    for config in (
        {"environment": ("PATH=/srv/venv/bin:/bin",)},
        {"command": ("/srv/venv/bin/a",)},
    ):
        packages = debian(LIBPQ, **config)
        packages.above[0].files.update(DEB)
        made = Made((*packages.above, Layer("COPY . /srv", files)), packages.config)
        assert made.surely(ignored=lambda _: True).copies == ("/srv/venv",)
    script = {"usr/local/bin/start": b"#!/bin/sh\n. /srv/venv/bin/activate\n"}
    packages = debian(LIBPQ, command=("start",))
    packages.above[0].files.update(DEB | script)
    made = Made((*packages.above, Layer("COPY . /srv", files)), packages.config)
    assert "/srv/venv" in made.surely().copies


def test_what_a_better_ignore_file_keeps_out_goes_where_a_copy_brought_it() -> None:
    made = copied({"app/a": 1, "app/docs/b": 500})
    step = Layer("RUN make", {"app/docs/c": 30, "app/docs/b": 500})
    chown = Layer("RUN chown -R 5 /app", {"app/docs/b": 500}, owners={"app/docs/b": 5})
    step.times["app/docs/b"] = INSTALLED
    for above, stays in (((), 1), ((chown,), 1), ((step,), 531)):
        found = Made((*made.above, *above)).surely(ignored=lambda path: b"docs" in path)
        assert found.sizes["copies"] == stays


def test_hidden_copies_of_what_an_ignore_file_keeps_out_count_with_it() -> None:
    made = copied({"app/a": 1, "app/.git/b": 50_000})
    chown = Layer("RUN chown", {"app/.git/b": 50_000, "app/a": 1}, owners={"app/.git/b": 5})
    found = Made((*made.above, chown)).surely()
    saves = {step.kind: int(step.saves) for step in found.steps}
    assert saves["context"] == 100_000


def test_distributions_for_development_are_uninstalled_or_deleted() -> None:
    files = distribution(SITE, "flask", 100) | distribution(SITE, "pytest", 900, requested=True)
    other = distribution("opt/tool/lib/python3.11/site-packages", "black", 700)
    packages = installing((PYTHON, Package("python3-pip", {"usr/bin/pip": 3})), BASE)
    found = Made((packages, Layer("RUN pip", files | other))).surely()
    assert found.uninstall == ("pytest",)
    assert [each for each in found.delete if "opt/tool" in each] == []
    assert found.copies == ("/usr/local/lib/python3.11",)
    steps = {step.certainty: step for step in found.steps if step.kind == "development-packages"}
    assert steps["likely"].names == ("pytest",)
    assert steps["sure"].names == ("black",)


def test_without_a_base_or_a_saving_there_is_no_plan() -> None:
    made = copied({"app/a": 1})
    image = made.image()
    merged = merge(image.layers)
    attribution = attribute(image, merged)
    assert plan(image, merged, attribution, None) is None
    whole = BaseImage(layers=len(image.layers), size=image.size)
    assert plan(image, merged, attribution, whole) is None
    assert Made((Layer("COPY a", {"app/a": 1}),)).plan() is None


def holds_together(image: ImageFiles, found: TargetPlan) -> None:
    """Check what is true of every plan."""
    assert image.size - total(found.steps) == found.predicted
    assert all(step.saves > 0 and len(step.names) <= MOST_NAMES for step in found.steps)
    assert all(size >= 0 for size in found.sizes.values())
    for paths in (found.copies, found.delete, found.remove):
        assert list(paths) == sorted(paths)
        assert not any(other.startswith(f"{path}/") for path in paths for other in paths)
    inside = tuple(f"{path}/" for path in found.copies)
    assert all(path.startswith(inside) for path in found.delete)


def test_steps_add_up_on_an_image_with_everything() -> None:
    files = {"app/a": 100, "app/.git/x": 900, "app/m.gguf": 30 * MIB, "etc/passwd": 40}
    made = copied(files | distribution(SITE, "mypy", 500))
    again = Layer("RUN chmod -R 700 /app", {"app/a": 100, "app/.git/x": 900})
    whole = Made((*made.above, again))
    holds_together(whole.image(), whole.surely())


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), layers=st.integers(1, 3))
def test_steps_add_up_on_any_image(seed: int, layers: int) -> None:
    own = tuple(map(layer_files, random_image(seed)))
    base = min(layers, len(own) - 1)
    steps = [HistoryEntry(text=("COPY . /", "RUN x")[number % 2]) for number in range(len(own))]
    image = ImageFiles(name="any", layers=own, history=tuple(steps))
    if base < 1:
        return
    merged = merge(own)
    below = BaseImage(layers=base, size=sum(layer.size for layer in own[:base]))
    found = plan(image, merged, attribute(image, merged), below, ignored=lambda path: b"a" in path)
    if found is not None:
        holds_together(image, found)


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ((b"libc.so.6",), True),
        ((b"libc.musl-x86_64.so.1",), False),
        ((), False),
        ((b"?",), None),
    ],
)
def test_what_is_linked_with_glibc_is_no_thing_for_alpine(
    needs: tuple[bytes, ...], expected: bool | None
) -> None:
    made = copied({"app/server": 900}, needs={"app/server": needs} if needs else {})
    assert needs_glibc(made.view().merged, made.surely()) is expected
