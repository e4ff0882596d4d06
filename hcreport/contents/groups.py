"""Says by its folder to which group a file belongs, where its owner or content does not decide.

Going down from the root, each folder gets a :class:`Zone`; what is said first holds:

1. Below a fixed zone nothing changes: version control, caches of packages, documentation, headers,
   bytecode, a copied environment, libraries of graphics processors, temporary files.
2. Places that the image itself tells: environments, its working folder, folders of packages.
3. Names with one meaning anywhere (``.git``, ``__pycache__``), then places by their path.
4. Else a folder is what the folder above it is; at the root that is *unexplained*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from hcreport.model import Group


class Zone(NamedTuple):
    """What a folder says about the files in it."""

    group: Group = "unexplained"
    """Of files that nothing else explains."""
    fixed: bool = False
    """Nothing else is asked."""
    site: bytes = b""
    """The folder of Python's modules that it lies in."""
    data: bool = False
    """A folder of data: also small files in it are."""


_ROOT = Zone()


def _fixed(group: Group) -> Zone:
    return Zone(group, fixed=True)


_DOCUMENTS = _fixed("documentation")
_CACHES = _fixed("package-caches")
_HISTORY = _fixed("version-control")
_TEMPORARY = _fixed("logs-and-temporary-files")
_TOOLS = _fixed("build-tools")
_BYTECODE = _fixed("bytecode")
_TESTS = _fixed("tests")
_CUDA = _fixed("cuda")
_OTHER = Zone("other-packages")
_SYSTEM = Zone("os-packages")
_RUNTIME = Zone("language-runtimes")
_APPLICATION = Zone("application")
_PYTHON = Zone("python-packages")
NODE = Zone("node-packages")

_ANYWHERE: Mapping[bytes, Zone] = {
    **dict.fromkeys((b".git", b".hg", b".svn", b".bzr"), _HISTORY),
    **dict.fromkeys((b"__pycache__",), _BYTECODE),
    **dict.fromkeys((b".npm", b"_cacache", b".pnpm-store", b".yarn-cache", b".m2"), _CACHES),
    **dict.fromkeys((b".gradle", b".ivy2", b".nuget", b".parcel-cache", b".turbo"), _CACHES),
    **dict.fromkeys(
        (b".pytest_cache", b".mypy_cache", b".ruff_cache", b".hypothesis", b".nyc_output"),
        _TEMPORARY,
    ),
    **dict.fromkeys((b".ipynb_checkpoints", b".tox", b".nox", b"htmlcov"), _TEMPORARY),
    **dict.fromkeys((b".pyenv", b".nvm", b".rbenv", b".sdkman", b".deno", b".bun"), _RUNTIME),
    **dict.fromkeys((b".asdf", b".rustup", b".cargo"), _TOOLS._replace(fixed=False)),
    **dict.fromkeys((b"linuxbrew", b"ms-playwright", b"gems", b".julia"), _OTHER),
    b"node_modules": NODE,
}
"""Folders whose name has one meaning."""

_BELOW: Mapping[tuple[bytes, bytes], Zone] = {
    **{
        (b".cache", name): _CACHES
        for name in (b"pip", b"uv", b"yarn", b"pypoetry", b"go-build", b"pnpm", b"node-gyp", b"npm")
    },
    **{(b".cache", name): _CACHES for name in (b"composer", b"pre-commit", b"pipenv", b"conda")},
    (b".cache", b"huggingface"): _fixed("model-weights"),
    (b".cache", b"torch"): _fixed("model-weights"),
    (b".cache", b"whisper"): _fixed("model-weights"),
    (b".ollama", b"models"): _fixed("model-weights"),
    (b"pkg", b"mod"): _CACHES,
    **{(owner, b"registry"): _CACHES for owner in (b".cargo", b"cargo")},
    **{(owner, b"git"): _CACHES for owner in (b".cargo", b"cargo")},
    (b".composer", b"cache"): _CACHES,
    (b"bundle", b"cache"): _CACHES,
    (b"berry", b"cache"): _CACHES,
    (b".yarn", b"cache"): NODE,  # Programs run right out of it: "Plug'n'Play".
    **{(b".cache", name): _OTHER for name in (b"puppeteer", b"selenium", b"Cypress", b"pyppeteer")},
    **{
        (b".cache", name): _TEMPORARY
        for name in (b"fontconfig", b"matplotlib", b"mesa_shader_cache")
    },
    (b".conda", b"pkgs"): _CACHES,
    (b"node_modules", b".cache"): _CACHES,
    (b"vendor", b"bundle"): _OTHER,
    (b"uv", b"python"): _RUNTIME,
    (b"node_modules", b"npm"): _RUNTIME,
    (b"node_modules", b"corepack"): _RUNTIME,
    (b"uv", b"tools"): _PYTHON,
    (b"pipx", b"venvs"): _PYTHON,
}
"""Folders by the name of the folder above and their own."""

_DATA_NAMES = frozenset({b"data", b"dataset", b"datasets", b"nltk_data", b"corpora"})
_TEST_NAMES = frozenset({b"tests", b"test", b"__tests__"})
_SITES = frozenset({b"site-packages", b"dist-packages"})

_CUDA_MODULES = re.compile(
    rb"^(?:nvidia|triton|pytorch_triton|cupy|cupy_backends|tensorrt|pycuda|cuda|libcuda"
    rb"|nvidia_.*|cupy_cuda.*|tensorrt_.*|triton[-_].*|cuda_.*|pytorch_triton[-_].*)"
    rb"(?:-[^/]*\.dist-info|\.libs)?$"
)
_CUDA_PACKAGES = re.compile(
    r"^(?:cuda-|nvidia-|lib(?:cuda|cudnn|nccl|cublas|cufft|curand|cusolver|cusparse|npp|nvinfer"
    r"|nvjitlink|nvjpeg|nvidia|nvtoolsext)|rocm-|hip-|miopen|rocblas|tensorrt)"
)

_PLACES: tuple[tuple[re.Pattern[bytes], Zone], ...] = tuple(
    (re.compile(pattern, re.DOTALL), zone)
    for pattern, zone in (
        (
            rb"var/lib/apt/lists|(var|etc)/(lib/)?cache/(apt|apk|dnf|yum|libdnf5|zypp|pacman)",
            _CACHES,
        ),
        (rb"etc/apk/cache|var/cache/(apt-file|pip|composer)", _CACHES),
        (rb"var/cache/man|usr/(local/)?(share/)?(doc|man|info|locale|gtk-doc|help)", _DOCUMENTS),
        (rb"usr/share/(doc-base|lintian|linda|bug|omf|groff|gnome/help|javadoc)", _DOCUMENTS),
        (rb"opt/[^/]+/(share/)?(doc|man)", _DOCUMENTS),
        (rb"var/log|tmp|var/tmp|run|var/run|var/crash|var/backups|\.?lost\+found", _TEMPORARY),
        (
            rb"usr/(local/)?(src/linux[^/]*|include)|usr/lib/gcc(-cross)?|usr/(local/)?lib/pkgconfig",
            _TOOLS,
        ),
        (
            rb"usr/local/(rustup|cargo|share/cmake[^/]*|lib/cmake)|opt/(cmake|gradle|maven)[^/]*",
            _TOOLS,
        ),
        (rb"usr/local/cuda[^/]*|usr/lib/cuda|opt/(nvidia|rocm[^/]*|amdgpu)", _CUDA),
        (rb"usr/(local/)?lib/(python|pypy)[23][^/]*", _RUNTIME),
        (
            rb"usr/local/(go|lib/(ruby|erlang|elixir|php|perl|node|luajit|R)|julia[^/]*|lib/jvm)",
            _RUNTIME,
        ),
        (rb"opt/(java|openjdk|jdk|jre|yarn|node|python|pypy|ruby|ghc|julia|dotnet)[^/]*", _RUNTIME),
        (rb"usr/(lib/jvm|share/dotnet|lib/dotnet|lib/R)|opt/hostedtoolcache", _RUNTIME),
        (rb"usr/local/bundle|usr/local/lib/R/site-library|var/lib/gems|nix|snap", _OTHER),
        (rb"usr/lib/R/site-library|var/lib/flatpak|opt/homebrew|var/www/[^/]+/vendor", _OTHER),
        (rb"etc|boot|var/lib/(dpkg|apt|rpm|dnf|yum|apk|pam|ucf|systemd|python|polkit-1)", _SYSTEM),
        (rb"var/lib/(initramfs-tools|dbus|sgml-base|xml-core|emacsen-common|ghc)", _SYSTEM),
        (rb"var/lib/(update-rc.d|shells.state|vim|aspell|ispell|dictionaries-common)", _SYSTEM),
        (rb"var/(cache|spool|mail)|usr/share/(mime|icons|applications|fonts|glib-2.0)", _SYSTEM),
        (
            rb"usr/lib/(locale|sysimage|ssl|udev|modules)|lib/(apk|udev|modules)|usr/lib/apk",
            _SYSTEM,
        ),
        (rb"usr/lib/[^/]*-linux-[^/]*/(gconv|gdk-pixbuf-2.0|gtk-[234].0|gio)", _SYSTEM),
        (rb"usr/share/(ca-certificates|info|perl|nodejs|zoneinfo)|usr/lib/gdk-pixbuf-2.0", _SYSTEM),
        (
            rb"app|srv|opt|home|root|code|workspace|usr/src|usr/local|var/(www|task|opt)",
            _APPLICATION,
        ),
    )
)
"""Folders by their whole path."""

_LONGEST = 80
"""Bytes of the longest path that the patterns can be about, with room to spare."""


class Zones:
    """The zones of the folders of one image or context, each worked out once."""

    def __init__(
        self,
        *,
        special: Mapping[bytes, Zone] | None = None,
        claims: Mapping[bytes, int] | None = None,
        root: Zone = _ROOT,
    ) -> None:
        """Take what the image itself tells.

        ``special`` has zones by path; ``claims`` says how many packages state a folder as theirs;
        ``root`` is the zone of the whole.
        """
        self._special = special or {}
        self._claims = claims or {}
        self._known: dict[bytes, Zone] = {b"": root}
        self._whole = root is _ROOT

    def of(self, folder: bytes) -> Zone:
        """Return the zone of a folder."""
        known = self._known.get(folder)
        if known is not None:
            return known
        # From the nearest folder that is known downwards; a path may have any number of parts.
        unknown: list[bytes] = []
        above = folder
        while above not in self._known:
            unknown.append(above)
            above = above.rpartition(b"/")[0]
        zone = self._known[above]
        for path in reversed(unknown):
            zone = self._known[path] = zone if zone.fixed else self._below(zone, path)
        return zone

    def _below(self, zone: Zone, path: bytes) -> Zone:
        above, _, name = path.rpartition(b"/")
        if name in _ANYWHERE and _ANYWHERE[name].fixed:
            return _ANYWHERE[name]._replace(site=zone.site)
        if path in self._special:
            return self._special[path]
        found = _BELOW.get((above.rpartition(b"/")[2], name)) or _ANYWHERE.get(name)
        if found is not None:
            return found
        if name in _SITES:
            return _PYTHON._replace(site=path)
        if zone.site:
            return self._in_modules(zone, above, name)
        if self._whole and len(path) <= _LONGEST:
            for pattern, of_place in _PLACES:
                if pattern.fullmatch(path):
                    return of_place
        return self._elsewhere(zone, path, name)

    def _in_modules(self, zone: Zone, above: bytes, name: bytes) -> Zone:
        if above == zone.site and _CUDA_MODULES.match(name):
            return _CUDA._replace(site=zone.site)
        # numpy.testing and django.test are parts that run; only "tests" never is.
        return _TESTS._replace(site=zone.site) if name == b"tests" else zone

    def _elsewhere(self, zone: Zone, path: bytes, name: bytes) -> Zone:
        if zone.group == "language-runtimes":
            return _TESTS if name in _TEST_NAMES else zone
        if zone.group == "application":
            if name in _TEST_NAMES:
                return _TESTS
            return zone._replace(data=True) if name in _DATA_NAMES else zone
        # A folder that few packages state is theirs, with what their scripts put there.
        if path.count(b"/") >= 2 and 0 < self._claims.get(path, 0) <= 3:
            return _SYSTEM
        return zone


def application_zone() -> Zone:
    """Return the zone of a folder with the application's own files."""
    return _APPLICATION


def python_zone() -> Zone:
    """Return the zone of an environment of Python."""
    return _PYTHON


def other_zone() -> Zone:
    """Return the zone of what another package manager installed, such as conda."""
    return _OTHER


def copied_zone() -> Zone:
    """Return the zone of an environment that came along with the context."""
    return _fixed("copied-environments")


def is_cuda_package(name: str) -> bool:
    """Tell whether a package of the operating system is for graphics processors alone."""
    return _CUDA_PACKAGES.match(name) is not None
