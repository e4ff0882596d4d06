"""Ollama keeps its models in the container itself.

What it checks:
Whether a service with Ollama's image has a volume or a folder of the host mounted where the models
are kept.

Why it matters:
Without one the models lie in the container's own layer. They are gone when the container is made
anew, for example after a new image, and each is downloaded again.

How to fix it:
Mount a named volume at `/root/.ollama`.

Limits:
The rule knows the folder of Ollama's own image only. Where `OLLAMA_MODELS` names another folder, it
cannot tell: values of variables are not kept. What lies in the folder is not looked at.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.served import is_ollama_image
from hcreport.model import Action, Container, Mount, Service, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
)
from hcreport.units import Bytes, gb, total

RULE = Rule(
    id="model-store-on-writable-layer",
    severity=Severity.MEDIUM,
    each="service",
    needs=("services",),
    cites=("ollama/model-store",),
)

_STORES = ("/root", "/root/.ollama", "/root/.ollama/models")
_LASTING = ("volume", "bind", "cluster")


def check(service: Service, case: Case) -> Verdict:
    """Look for a mount that keeps the models; what the container wrote is in bytes."""
    if not is_ollama_image(service.image):
        return NotApplicable("its image is not Ollama's")
    containers = case.snapshot.containers_by_service.get(service.name, ())
    mounts = [*service.mounts, *(mount for each in containers for mount in each.mounts)]
    if any(_keeps(each) for each in mounts):
        return None
    if "OLLAMA_MODELS" in service.environment_names:
        return NotMeasured("OLLAMA_MODELS names another folder, and its value is not kept")
    if any(not _knows_mounts(each, case) for each in containers):
        return NotMeasured("the snapshot does not say what its container mounts")
    written = [each.writable for each in containers if each.writable is not None]
    size = total(written)
    holds = f"; its own layer holds {gb(size)}" if written else ""
    return Problem(
        message=f"{service.name} keeps its models in the container, not in a volume{holds}.",
        numbers=(
            case.number(
                "written into the container",
                size,
                f"containers/{containers[0].name}/writable",
                family="image",
            ),
        )
        if written
        else (),
        remedies=(_mount(service, size),),
        location=service.location,
    )


def _keeps(mount: Mount) -> bool:
    return mount.kind in _LASTING and (mount.target or "").rstrip("/") in _STORES


def _knows_mounts(container: Container, case: Case) -> bool:
    """Tell whether a container was looked at: no mount published differs from none there."""
    origin = case.snapshot.origin_of(f"containers/{container.name}/mounts")
    return origin.kind == "measured"


def _mount(service: Service, size: Bytes) -> Action:
    name = shlex.quote(service.name)
    again = f"; up to {gb(size)} are not downloaded again" if size else ""
    return Action(
        what=f"Mount a named volume at /root/.ollama in {service.name}, then pull the models again",
        command=f"docker compose up -d {name}",
        effort="an hour",
        gain=f"the models outlast the container{again}",
        verify=f"docker compose exec {name} ollama list still names the models after docker "
        f"compose up -d --force-recreate {name}.",
        undo="Take the volume out of the Compose file again.",
    )
