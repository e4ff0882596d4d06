"""The first stage takes out what is not needed; the last one installs and copies what is."""

from __future__ import annotations

import pytest

from hcreport.contents.layer import Kind, owner_of
from hcreport.render.dockerfile_copies import KEPT, MOST_COPIES
from tests.dockerfile_case import BASE, FILE, FOLDER, Files, change, last_stage, lines


@pytest.mark.parametrize(
    ("files", "copies", "expected"),
    [
        ({"app": FOLDER}, ("/app",), ["COPY --from=build /app /app"]),
        ({"app/x": FILE}, ("/app",), ["COPY --from=build /app /app"]),
        ({"srv/x": FILE}, ("/srv/x",), ["COPY --from=build /srv/x /srv/x"]),
        (
            {"srv/x": FILE, "srv/y": FILE},
            ("/srv/x", "/srv/y"),
            ["COPY --from=build /srv/x /srv/y /srv/"],
        ),
        (
            {"data": (Kind.FOLDER, owner_of(1000, 100), 0o750)},
            ("/data",),
            [
                "COPY --from=build /data /data",
                "RUN chown 1000:100 /data && chmod 750 /data",
            ],
        ),
        (
            {"home/a": (Kind.FOLDER, owner_of(1, 1), 0o755), "home/a/v": FOLDER, "home": FOLDER},
            ("/home/a/v",),
            ["COPY --from=build /home/a/v /home/a/v", "RUN chown 1:1 /home/a && chmod 755 /home/a"],
        ),
        (
            {"srv": (Kind.FOLDER, owner_of(1, 1), 0o700), "srv/x": FILE},
            ("/srv/x",),
            ["COPY --from=build /srv/x /srv/x"],
        ),
        (
            {"usr/local/bin/x": "/opt/my x"},
            ("/usr/local/bin/x",),
            ["RUN mkdir -p /usr/local/bin && ln -sfn '/opt/my x' /usr/local/bin/x"],
        ),
        ({}, ("/nothing",), []),
    ],
)
def test_what_stays_is_copied_with_its_owners(
    files: Files, copies: tuple[str, ...], expected: list[str]
) -> None:
    made = change(files, copies=copies)
    assert last_stage(made.dockerfile)[1:-2] == expected
    assert any("/nothing" in note for note in made.notes) == (copies == ("/nothing",))


def test_links_and_rights_follow_the_copies() -> None:
    made = last_stage(
        change(
            {"usr/local/bin/x": "/opt/x"},
            links={"/usr/local/bin/x": "/opt/x"},
            rights={"/srv": (0o2770, 7, 8)},
        ).dockerfile
    )
    assert made[1].split(" && ") == [
        "RUN mkdir -p /usr/local/bin",
        "ln -sfn /opt/x /usr/local/bin/x",
        "chown 7:8 /srv",
        "chmod 2770 /srv",
    ]


def test_what_the_image_deleted_of_its_base_is_deleted_again() -> None:
    alone = last_stage(change(remove=("/etc/a", "/etc/b c")).dockerfile)
    assert alone[1] == "RUN rm -rf /etc/a '/etc/b c'"
    for manager in ("apt", "apk", "dnf"):
        made = change(remove=("/etc/a", "/etc/b"), manager=manager, packages=("x",)).dockerfile
        assert last_stage(made)[1].endswith(" && rm -rf /etc/a /etc/b")


def test_many_or_odd_paths_are_gathered_first() -> None:
    many = {f"srv/{number}": FOLDER for number in range(MOST_COPIES + 1)}
    odd = {"srv/[id].js": FILE, "srv/a b": FILE}
    for files in (many, odd):
        made = lines(change(files, copies=tuple(f"/{path}" for path in files)).dockerfile)
        assert made[1] == "USER root"
        assert made[2].startswith(f"RUN mkdir {KEPT} && tar --create --file={KEPT}.tar")
        assert made[4] == f"COPY --from=build {KEPT}/ /"
    without_tar = change(odd, base={**BASE, "bin/tar": "busybox"}, copies=("/srv/a b",))
    assert not any(line.startswith("COPY") for line in lines(without_tar.dockerfile))
    assert any("/srv/a b" in note for note in without_tar.notes)


@pytest.mark.parametrize(
    ("manager", "files", "expected"),
    [
        (
            "apt",
            {},
            "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y",
        ),
        ("apk", {}, "RUN apk add --no-cache libpq5 tzdata"),
        ("dnf", {}, "RUN dnf install -y --setopt=install_weak_deps=False"),
        ("dnf", {"usr/bin/microdnf": FILE}, "RUN microdnf install -y"),
    ],
)
def test_packages_are_installed_and_nothing_is_left(
    manager: str, files: Files, expected: str
) -> None:
    made = last_stage(change(files, manager=manager, packages=("libpq5", "tzdata")).dockerfile)
    assert made[1].startswith(expected)
    assert manager == "apk" or "rm -rf /var/" in made[1]


def test_repositories_of_others_come_before_their_packages() -> None:
    files = {"etc/apt/sources.list.d/x.list": FILE, "usr/share/keyrings/x.gpg": FILE}
    made = last_stage(change(files, manager="apt", packages=("x",)).dockerfile)
    assert made[1:3] == [
        "COPY --from=build /etc/apt/sources.list.d/ /etc/apt/sources.list.d/",
        "COPY --from=build /usr/share/keyrings/ /usr/share/keyrings/",
    ]
    assert made[3].startswith("RUN apt-get update")


def test_users_come_before_packages_make_theirs() -> None:
    made = last_stage(
        change({"etc/passwd": FILE, "etc/group": FILE}, manager="apt", packages=("x",)).dockerfile
    )
    assert made[1] == "COPY --from=build /etc/passwd /etc/group /etc/"


@pytest.mark.parametrize(
    ("files", "names", "expected"),
    [
        (
            {
                "opt/v/lib/python3.11/site-packages/black-1.dist-info/RECORD": FILE,
                "opt/v/bin/pip": FILE,
            },
            ("black",),
            "/opt/v/bin/pip uninstall --yes black",
        ),
        (
            {
                "opt/v/lib/python3.11/site-packages/black-1.dist-info/RECORD": FILE,
                "opt/v/bin/pip3": (Kind.HARDLINK, 0, 0o755),
                "usr/lib/python3.11/EXTERNALLY-MANAGED": FILE,
            },
            ("black",),
            "/opt/v/bin/pip3 uninstall --yes black",
        ),
        (
            {
                "usr/local/lib/python3.11/dist-packages/Py_Test-1.dist-info/RECORD": FILE,
                "usr/lib/python3.11/EXTERNALLY-MANAGED": FILE,
                "usr/bin/pip3": FILE,
            },
            ("py-test",),
            "/usr/bin/pip3 uninstall --break-system-packages --yes py-test",
        ),
        (
            {
                "opt/v/lib/python3.11/site-packages/a-1.dist-info/RECORD": FILE,
                "usr/bin/pip3": FILE,
                "usr/lib/python3.11/EXTERNALLY-MANAGED": FILE,
            },
            ("a",),
            "/usr/bin/pip3 --python /opt/v/bin/python uninstall --yes a",
        ),
        (
            {
                "usr/local/lib/python3.11/site-packages/pip-1.dist-info/RECORD": FILE,
                "usr/local/lib/python3.11/site-packages/wheel-1.dist-info/RECORD": FILE,
                "usr/local/bin/pip": FILE,
            },
            ("pip", "wheel"),
            "/usr/local/bin/pip uninstall --yes wheel pip",
        ),
        ({"usr/lib/python3/dist-packages/a-1.egg-info": FILE, "usr/bin/pip3": FILE}, ("a",), None),
        ({"opt/v/lib/python3.11/site-packages/a-1.dist-info/RECORD": FILE}, ("a",), None),
    ],
)
def test_distributions_are_uninstalled_where_they_are(
    files: Files, names: tuple[str, ...], expected: str | None
) -> None:
    made = change(files, uninstall=names)
    runs = [line for line in lines(made.dockerfile) if line.startswith("RUN")]
    assert runs == ([f"RUN {expected}"] if expected else [])
    assert bool(made.notes) is (expected is None)


def test_the_first_stage_takes_out_what_is_not_needed() -> None:
    made = change(prune=("/srv/web",), delete=("/app/.git", "/app/my data"))
    assert lines(made.dockerfile)[:2] == ["FROM shop/api:1 AS build", "USER root"]
    assert lines(made.dockerfile)[2].split(" && ") == [
        "RUN npm --prefix /srv/web prune --omit=dev --no-audit --no-fund --ignore-scripts",
        "rm -rf /app/.git '/app/my data'",
    ]
    without = change(base={"app": FOLDER}, delete=("/app/.git",))
    assert not any(line.startswith("RUN") for line in lines(without.dockerfile))
    assert any("no shell" in note for note in without.notes)
