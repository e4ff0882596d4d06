"""What an engine says about a running stack: containers, images, volumes, the engine itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hcreport.model.contents import ImageContents
from hcreport.model.declared import HealthCheck, Limits, Mount
from hcreport.model.record import Moment, Record
from hcreport.model.traces import Past, Refusal, StartError
from hcreport.units import Bytes


class Engine(Record):
    """The Docker engine, as ``/info`` and ``/version`` describe it."""

    memory_total: Bytes | None = None
    """Memory the engine can use in bytes: the virtual machine's on Docker Desktop."""
    cpus: int | None = None
    version: str | None = None
    api_version: str | None = None
    """The version spoken during collection."""
    operating_system: str | None = None
    kernel: str | None = None
    architecture: str | None = None
    platform: str | None = None
    """``Platform.Name`` of ``/version``: ``Docker Desktop 4.27.2 (137060)``."""
    components: tuple[str, ...] = ()
    """Names of ``/version`` components; tells Podman."""
    host_hint: Literal["docker-desktop", "rancher-desktop", "orbstack", "colima", "lima"] | None = (
        None
    )
    """What the engine's host name says about the platform; the name itself is not kept."""
    host_memory: Bytes | None = None
    """Memory of the machine around the engine's virtual machine, where hcreport ran on it or
    ``hcreport.yml`` names it (``machine_memory``); on native Linux the engine's own."""
    context: str | None = None
    """Docker CLI context, where it is one of the well-known names."""
    remote: bool = False
    """Reached over the network: advice is for that machine, not this one."""
    client_os: Literal["linux", "darwin", "windows"] | None = None
    rootless: bool = False
    cgroup_version: Literal["1", "2"] | None = None
    cgroup_driver: str | None = None
    storage_driver: str | None = None
    containerd_store: bool | None = None
    """Images are in containerd's store, where Docker's own size counts differently."""
    swap_limit: bool | None = None
    """The kernel can limit swap."""
    containers_running: int | None = None
    containers_total: int | None = None
    images_total: int | None = None
    files_unread: str = ""
    """Why blocks on the disk were not counted in the engine's own folder; empty where they were."""


ProbeOutcome = Literal["passed", "failed", "timed out", "program not found", "model not loaded"]
"""What came of a probe; ``model not loaded``: Ollama says that memory is short for a model."""


class Probe(Record):
    """One run of a health check: what came of it, without its output."""

    exit_code: int
    outcome: ProbeOutcome
    began_after: float | None = Field(default=None, ge=0)
    """Seconds from the container's last start to the beginning of the probe."""
    seconds: float | None = Field(default=None, ge=0)
    """How long it took."""


class Health(Record):
    """A container's health as the engine keeps it."""

    status: Literal["starting", "healthy", "unhealthy"]
    failing_streak: int = 0
    probes: tuple[Probe, ...] = ()
    """The last probes, oldest first; engines keep five."""


class MemoryUse(Record):
    """One sample of a container's memory, in bytes, as the kernel counts it."""

    usage: Bytes
    """The counter ``usage``; holds page cache too."""
    inactive_file: Bytes | None = None
    """Page cache not used lately. None where the engine does not report it."""
    active_file: Bytes | None = None
    anonymous: Bytes | None = None
    """``anon`` (cgroup v2) or ``total_rss`` (v1)."""
    shared: Bytes | None = None
    """``shmem``: shared memory and tmpfs; None on engines that do not report it. On cgroup v1 it is
    what the lists of anonymous pages hold beyond the container's own."""
    mapped_file: Bytes | None = None
    program_files: Bytes | None = None
    """The files that its processes map, on whoever's account they are:
    :func:`hcreport.estimate.program_files.program_files`. None where that was not asked."""
    unwritten: Bytes | None = None
    """Page cache that waits to be written to disk. None on cgroup v2, where the kernel slows a
    writer down instead of killing it."""
    peak: Bytes | None = None
    """The kernel's own highest value since start; engines report it on cgroup v1 only."""
    limit: Bytes | None = None
    """The container's own limit; None where none is set, whatever the engine prints."""
    limit_hits: int | None = None
    """How often the limit was reached, where the engine reports it."""

    @property
    def shown(self) -> Bytes:
        """Bytes as ``docker stats`` shows them: usage less inactive file cache.

        docker/cli, ``stats_helpers.go``: subtracted only where smaller than usage.
        """
        if self.inactive_file is None or self.inactive_file >= self.usage:
            return self.usage
        return self.usage - self.inactive_file


class CpuUse(Record):
    """A container's CPU counters since it started."""

    total_nanoseconds: int | None = Field(default=None, ge=0)
    """None where only an average is known."""
    periods: int | None = None
    """Enforcement periods since start, where the container has a CPU limit."""
    throttled_periods: int | None = None
    average_ratio: float | None = None
    """CPUs used on average between two readings; 1 is one whole CPU. None for one reading."""


class Container(Record):
    """One container of the project."""

    name: str
    id: str = ""
    """First twelve digits."""
    service: str | None = None
    number: int = 1
    image: str | None = None
    """The reference it was created from."""
    image_id: str | None = None
    state: Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
    exit_code: int | None = None
    oom_killed: bool | None = None
    restart_count: int | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None
    health: Health | None = None
    """None where the container has no health check."""
    health_check: HealthCheck | None = None
    """The check in force, whether the Compose file or the image declares it; None where there is
    none or it was not read."""
    past: Past | None = None
    """None where the engine's events were not read."""
    oom_kills: int | None = Field(default=None, ge=0)
    """The kernel's own count of processes killed in it for want of memory, since its last start;
    None where its control group was not read."""
    refusals: tuple[Refusal, ...] = ()
    """What a container of Ollama refused to load, one of each wording and amount, the last ones."""
    start_error: StartError | None = None
    """None where the engine noted no error when it was started last."""
    limits: Limits = Limits()
    """What the engine enforces (``HostConfig``), whatever the file says."""
    restart_policy: str | None = None
    memory: MemoryUse | None = None
    """None where it does not run or could not be sampled."""
    cpu: CpuUse | None = None
    processes: int | None = None
    mounts: tuple[Mount, ...] = ()
    config_hash: str | None = None
    compose_version: str | None = None
    """Version of Compose that created it: hashes of other versions cannot be compared."""
    writable: Bytes | None = None
    """What it wrote into its own layer, in bytes, as ``docker ps --size`` counts: the lengths of
    its files, not what they take on the disk."""
    writable_on_disk: Bytes | None = None
    """The same in blocks on the disk, as ``du`` counts, with the engine's own files about it."""
    logs_on_disk: Bytes | None = None
    """Its log and the older ones, in blocks on the disk; no account of Docker's holds them."""


class Layer(Record):
    """One entry of an image's history."""

    instruction: str
    """``FROM``, ``COPY``, ``RUN`` …; ``OTHER`` for what is not recognised."""
    detail: str | None = None
    """Well-known programs it runs (``apt-get install``); arguments are never kept. ``directory``
    where the classic builder copied one, whose name its history does not give."""
    whole_context: bool = False
    """A COPY or ADD of the whole build context (``COPY . .``), where the history says so."""
    size: Bytes
    """Unpacked, in bytes."""
    chain: str | None = None
    """Identifies the layer with everything below it, so that shared layers count once."""


class Image(Record):
    """One image of the project."""

    id: str = ""
    tags: tuple[str, ...] = ()
    size: Bytes
    """Unpacked: the sum of its history's sizes, the same on both image stores."""
    layers: tuple[Layer, ...] = ()
    """Newest last; empty where the history is not known."""
    architecture: str | None = None
    created: Moment | None = None
    layers_on_disk: dict[str, Bytes] = Field(default_factory=dict)
    """Blocks on the disk of each layer, oldest first, by the layer's ``chain``; in bytes as ``du``
    counts. Empty where they were not counted."""

    contents: ImageContents | None = None
    """What is in it; None where its layers were not read."""

    @property
    def name(self) -> str:
        """Its first tag, or its short id where it has none."""
        return self.tags[0] if self.tags else self.id


class Volume(Record):
    """One volume on the engine."""

    name: str
    project: str | None = None
    """The Compose project that made it, where it says so."""
    driver: str = "local"
    anonymous: bool = False
    used_by: tuple[str, ...] = ()
    """Names of this project's containers that mount it."""
    references: int | None = None
    """How many containers on the engine use it; None where the engine does not say."""
    size: Bytes | None = None
    """Lengths of its files, in bytes, as the engine counts."""
    on_disk: Bytes | None = None
    """Blocks on the disk, in bytes, as ``du`` counts; None where they were not counted."""


class Disk(Record):
    """What Docker keeps on disk, in bytes.

    The first four are what ``docker system df`` counts: the lengths of files. The others are blocks
    on the disk, as ``du`` counts them in the engine's folder; None where that was not read.
    """

    layers: Bytes | None = None
    """All image layers, shared ones once."""
    containers: Bytes | None = None
    """Writable layers of containers."""
    volumes: Bytes | None = None
    build_cache: Bytes | None = None
    root: Bytes | None = None
    """The whole folder of the engine, without what is mounted in it: ``du --one-file-system``."""
    build_cache_on_disk: Bytes | None = None
    """What the builder keeps: its folder, and layers that no image and no container has."""
    others: Bytes | None = None
    """Layers, containers and volumes that are not the project's."""
    records: Bytes | None = None
    """The rest of the folder: what the engine notes about images, networks and itself."""
