"""Faults of limits and of models: what a container may use, and what Ollama would not load."""

from __future__ import annotations

from tests.engine.faults.fault import (
    FOREVER,
    SURE,
    Fault,
    limit_memory,
    running,
    says,
    service,
    throttled,
)
from tests.engine.faults.health import OLLAMA_IMAGE
from tests.engine.stack import Json

_LOAD_FAILED = (
    'time=2026-05-01T08:00:02.000Z level=INFO source=sched.go:651 msg="Load failed" '
    'model=/root/.ollama/models/blobs/sha256-0 error="{error}"'
)


def _ollama(error: str, *before: str) -> Json:
    lines = [*before, _LOAD_FAILED.format(error=error)]
    script = "; ".join(f"echo '{line}'" for line in lines)
    return service(f"{script}; {FOREVER}", image=OLLAMA_IMAGE)


LIMITED = (
    Fault(
        name="near-its-limit",
        service=service(
            f"dd if=/dev/zero of=/held/file bs=1M count=56; echo held; {FOREVER}",
            mem_limit="64m",
            tmpfs=["/held"],
        ),
        ready=says("held"),
        rules=("memory-near-limit",),
    ),
    Fault(
        name="cache-fills-its-limit",
        service=service(
            "part=0; while [ $part -lt 80 ]; do part=$((part + 1)); "
            "dd if=/dev/zero of=/file$part bs=512k count=1 conv=fsync; done; "
            f"echo written; {FOREVER}",
            mem_limit="32m",
        ),
        ready=says("written"),
    ),
    Fault(
        name="at-its-limit",
        service=service(
            "dd if=/dev/zero of=/held/file bs=1M count=60; for part in 1 2 3 4 5 6 7 8 9 10 11 12; "
            "do dd if=/dev/zero of=/file$part bs=512k count=1 conv=fsync; done; "
            f"cat /file* /file* > /dev/null; echo held; {FOREVER}",
            mem_limit="64m",
            memswap_limit="64m",
            tmpfs=["/held"],
        ),
        ready=says("held"),
        rules=("limit-below-working-set",),
    ),
    Fault(
        name="processor-held-back",
        service=service("while :; do :; done", cpus=0.05),
        ready=throttled,
        rules=("cpu-throttled",),
        confidence=SURE,
    ),
    Fault(
        name="limit-changed",
        service=service(mem_limit="64m"),
        ready=running,
        act=limit_memory("48m"),
        rules=("limit-differs-from-file",),
        confidence=SURE,
    ),
)

OLLAMA = (
    Fault(
        name="ollama-refused",
        service=_ollama(
            "model requires more system memory (5.6 GiB) than is available (1.8 GiB)",
            'time=2026-05-01T08:00:01.000Z level=WARN source=server.go:1044 msg="model request too '
            'large for system" requested="5.6 GiB" available="1.8 GiB" total="1.9 GiB"',
        ),
        ready=says("Load failed"),
        rules=("ollama-refused-model",),
        confidence=SURE,
    ),
    Fault(
        name="ollama-not-enough",
        service=_ollama(
            "llama-server process has terminated: exit status 1: ggml_aligned_malloc: "
            "insufficient memory (attempted to allocate 4685.30 MB)"
        ),
        ready=says("Load failed"),
        rules=("ollama-refused-model",),
    ),
    Fault(
        name="ollama-well",
        service=service(f"echo 'Listening on [::]:11434'; {FOREVER}", image=OLLAMA_IMAGE),
        ready=says("Listening"),
    ),
)
