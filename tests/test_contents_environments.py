"""An environment that was copied into an image is told from one that the image runs."""

from __future__ import annotations

import pytest

from hcreport.model import Group
from tests.groups_case import COPY, RUN, SYSTEM, attributed, system
from tests.image_files import Content, make_image, make_layer

VENV: dict[str, Content] = {
    "app/venv/pyvenv.cfg": b"home = /usr/bin",
    "app/venv/lib/python3.12/site-packages/a.py": 9,
    "app/venv/lib/python3.12/site-packages/__pycache__/a.pyc": 9,
}
INSIDE = b"app/venv/lib/python3.12/site-packages/a.py"


@pytest.mark.parametrize(
    ("step", "environment", "command", "group"),
    [
        (COPY, (), ("python3", "main.py"), "copied-environments"),
        (COPY, ("PATH=/usr/bin:/app/venv/bin",), (), "python-packages"),
        (COPY, ("VIRTUAL_ENV=/app/venv",), (), "python-packages"),
        (COPY, ("NAME=/app/venv",), (), "copied-environments"),
        (COPY, (), ("/app/venv/bin/python", "main.py"), "python-packages"),
        (COPY, (), ("venv/bin/python",), "python-packages"),
        (COPY, (), ("sh", "-c", ". venv/bin/activate; x"), "python-packages"),
        (COPY, (), ("sh", "-c", "/app/venv2/bin/x"), "copied-environments"),
        (RUN, (), (), "python-packages"),
    ],
)
def test_an_environment_that_came_along(
    step: str, environment: tuple[str, ...], command: tuple[str, ...], group: Group
) -> None:
    image = make_image(
        (SYSTEM, make_layer(system())),
        (step, make_layer(VENV)),
        folder="/app",
        environment=environment,
        command=command,
    )
    found = attributed(image)
    assert found.group_of(INSIDE) == group


@pytest.mark.parametrize(
    ("script", "group"),
    [
        (b"#!/app/venv/bin/python3\n", "python-packages"),
        (b"#!/bin/sh\n'''exec' /app/venv/bin/python3 x\n", "python-packages"),
        (b"#!/home/me/shop/app/venv/bin/python3\n", "copied-environments"),
        (b"#!/app/venv2/bin/python3\n", "copied-environments"),
        (b"no script", "copied-environments"),
    ],
)
def test_an_environment_that_was_made_for_its_place(script: bytes, group: Group) -> None:
    files = {**VENV, "app/venv/bin/shop": script}
    image = make_image((SYSTEM, make_layer(system())), (COPY, make_layer(files)), folder="/app")
    assert attributed(image).group_of(INSIDE) == group


@pytest.mark.parametrize(
    ("node", "folder", "command", "group"),
    [
        ("usr/local/bin/node", "/app", "python3 x.py", "node-packages"),
        ("usr/local/bin/node", "/app/api", "python3 x.py", "node-packages"),
        ("usr/local/bin/node", "/srv", "python3 x.py", "copied-environments"),
        ("usr/local/bin/node", "/srv", "/start.sh", "node-packages"),
        ("none", "/app", "/start.sh", "copied-environments"),
    ],
)
def test_node_modules_that_came_along_stay_where_something_may_run_them(
    node: str, folder: str, command: str, group: Group
) -> None:
    files: dict[str, Content] = {
        node: 9,
        "app/node_modules": None,
        "app/node_modules/a/x.js": 9,
    }
    image = make_image((COPY, make_layer(files)), folder=folder, command=command.split())
    assert attributed(image).group_of(b"app/node_modules/a/x.js") == group
