"""What a Compose project declares: services, their limits and health checks, volumes and models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hcreport.model.llm import ModelShape, RunnerSettings
from hcreport.model.record import Record
from hcreport.units import Bytes


class Location(Record):
    """A place in a file of the project."""

    file: str
    """Path relative to the project directory, with forward slashes."""
    line: int = Field(ge=1)


PlaceName = Literal["memory", "cpus", "health check", "image", "build", "dependencies"]
"""What of a service stands at a line of its own."""


class Limits(Record):
    """What a service or container may use. None everywhere means "nothing was set"."""

    memory: Bytes | None = None
    """Hard memory limit in bytes; None is unlimited."""
    memory_reservation: Bytes | None = None
    """Soft limit in bytes."""
    memory_swap: Bytes | None = None
    """Memory plus swap in bytes, as Docker counts it; None where unset or unlimited."""
    swap_unlimited: bool = False
    """``memswap_limit: -1``: swap without bound."""
    cpus: float | None = None
    """CPUs a service may use; 0.5 is half of one."""
    cpu_reservation: float | None = None
    """CPUs reserved; Compose ignores it outside Swarm."""
    pids: int | None = None
    """Largest number of processes."""
    shm_size: Bytes | None = None
    """Size of ``/dev/shm`` in bytes, where set; it counts as memory when filled."""


class HealthCheck(Record):
    """How a container's health is tested, without the command itself: commands carry secrets."""

    kind: Literal["CMD", "CMD-SHELL", "NONE", "image"]
    """``image``: times are given here, the test comes from the image."""
    probe: str | None = None
    """The program that is run, where it is one of the well-known probes (``curl``); else None."""
    interval_seconds: float | None = None
    timeout_seconds: float | None = None
    start_period_seconds: float | None = None
    start_interval_seconds: float | None = None
    retries: int | None = None


class Dependency(Record):
    """One entry of ``depends_on``."""

    service: str
    condition: str = "service_started"
    required: bool = True
    restart: bool = False


class ServiceAddress(Record):
    """An environment variable whose value is the address of another service of the project."""

    variable: str
    service: str
    scheme: Literal["http", "https", ""] = ""
    """Empty where the value is ``host:port`` without a scheme."""
    port: int | None = Field(default=None, ge=1, le=65535)
    path: Literal["", "/", "/v1", "/v1/", "/api", "/api/"] = ""


class Build(Record):
    """How a service's image is built; argument values and remote addresses are left out."""

    context: str | None = None
    """Path relative to the project directory; None for one outside it or a remote address."""
    dockerfile: str | None = None
    """Path relative to the context; None where it is inline or absolute."""
    target: str | None = None
    argument_names: tuple[str, ...] = ()


class Mount(Record):
    """Something mounted into a service or container."""

    kind: Literal["volume", "bind", "tmpfs", "cluster", "npipe", "image"]
    volume: str | None = None
    """Name of the named volume as the engine knows it."""
    target: str | None = None
    """Path in the container; None where it might hold a user name."""
    read_only: bool = False
    size: Bytes | None = None
    """For tmpfs: its largest size in bytes, which is memory."""


class LostLimit(Record):
    """A limit that stands in the file and that Compose drops without a word."""

    key: str
    """``mem_limit``, ``mem_reservation``, ``memswap_limit`` or ``shm_size``."""
    location: Location


class Service(Record):
    """One service, as Compose understands the project's files."""

    name: str
    location: Location | None = None
    """Where it is declared; None where an include or a variable hides the file."""
    places: dict[PlaceName, Location] = Field(default_factory=dict)
    """Where the files say something of it in the end: its memory limit, its health check."""
    image: str | None = None
    """Reference with the registry's host name left out unless it is a public one."""
    build: Build | None = None
    profiles: tuple[str, ...] = ()
    active: bool = True
    """Started by ``docker compose up`` with the profiles active at collection."""
    replicas: int = Field(default=1, ge=0)
    container_name: str | None = None
    limits: Limits = Limits()
    memory_limit_keys: tuple[Literal["mem_limit", "deploy"], ...] = ()
    """Under which keys of the file a memory limit stands or has to stand: Compose refuses two that
    differ, and ``mem_limit`` beside ``deploy.resources.limits`` without memory."""
    lost_limits: tuple[LostLimit, ...] = ()
    restart: str | None = None
    """``no``, ``always``, ``on-failure``, ``on-failure:3``, ``unless-stopped``; None: not set."""
    restart_policy: str | None = None
    """What the engine is told: ``deploy.restart_policy`` where given, else ``restart``."""
    health_check: HealthCheck | None = None
    depends_on: tuple[Dependency, ...] = ()
    tied_to: tuple[str, ...] = ()
    """Services that it cannot run without, whatever ``depends_on`` says: it shares their network,
    their processes or their volumes (``network_mode``, ``ipc``, ``pid``, ``volumes_from``)."""
    environment_names: tuple[str, ...] = ()
    addresses: tuple[ServiceAddress, ...] = ()
    """Variables that hold the address of another service; values of any other form are not kept."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Values of the few environment variables that sizing needs, all of a fixed form."""
    mounts: tuple[Mount, ...] = ()
    models: tuple[str, ...] = ()
    """Keys of top-level Compose ``models`` that it uses."""
    provider: bool = False
    """A Compose provider service: it has no container."""
    config_hash: str | None = None
    """Compose's hash of the service, to compare with the running container's label."""


class DeclaredVolume(Record):
    """A named volume of the project."""

    name: str
    """As the engine knows it."""
    external: bool = False


class Project(Record):
    """The Compose project as a whole."""

    name: str
    compose_files: tuple[str, ...] = ()
    """Relative to the project directory."""
    compose_version: str | None = None
    profiles: tuple[str, ...] = ()
    """All profiles that the services name."""
    active_profiles: tuple[str, ...] = ()
    volumes: tuple[DeclaredVolume, ...] = ()
    unset_variables: tuple[str, ...] = ()
    """Variables that Compose replaced by nothing."""


class LocalModel(Record):
    """A local language model the stack runs or plans to run."""

    name: str
    """``llama3.1:8b``."""
    service: str | None = None
    """The service that serves it."""
    memory: Bytes | None = None
    """Declared need in bytes; None is not measured."""
    context_length: int | None = Field(default=None, ge=1)
    """Tokens the need was stated for."""
    fact: str | None = None
    """Key of the cited fact that the need rests on, where there is one."""
    shape: ModelShape | None = None
    """What its header says, from which the need is computed where none is declared."""
    shape_from: Literal["ollama", "file", "registry", "catalogue"] | None = None
    """Who was asked for the header: a running Ollama, the file itself, the registry that has the
    file, or hcreport's own cited list."""
    settings: RunnerSettings | None = None
    """How it is run; None is how Ollama runs it without any setting."""
    file: Bytes | None = None
    """Size of all its files on disk, or to be downloaded."""
    loaded: Bytes | None = None
    """What a running Ollama said that it holds; without its process and its prompt cache."""
    location: Location | None = None


class Scenario(Record):
    """A named way to run the stack: which services, which models."""

    name: str
    description: str = ""
    services: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Compose files that make it up; collecting adds the services that they start."""
    replicas: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Containers of a service, where they are not as many as usual."""
    models: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    """Services of which only :attr:`awake` run at a time; the hungriest are counted."""
    awake: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Scenario:
        if bool(self.group) != (self.awake is not None):
            raise ValueError("group and awake belong together")
        return self
