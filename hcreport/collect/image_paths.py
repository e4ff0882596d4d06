"""The allow-list for paths in images and build contexts: which names may stand in a snapshot.

Names that thousands of images share say what the bytes are; a name of the project's own may be
private. Each name of a path that is not on the list is replaced by a star, its ending kept.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hcreport.collect.history_programs import PROGRAMS
from hcreport.contents.needed_tools import tools
from hcreport.model import ImageStep

HIDDEN = "*"
"""Stands for a name that is not well known."""

_NAMES = """
.angular .cache .cargo .dockerignore .DS_Store .eggs .env .git .github .gitignore .gitlab .gradle
.hg .idea .ipynb_checkpoints .m2 .mypy_cache .next .nox .npm .nuxt .parcel-cache .pnpm-store
.pytest_cache .ruff_cache .svelte-kit .svn .terraform .tox .turbo .venv .vscode .yarn __pycache__
__tests__ _cacache aarch64-linux-gnu alternatives api apk app application applications apps apt
archives assets backend backup backups bash-completion bin blobs boot bower_components build
build.gradle ca-certificates cache cargo Cargo.lock Cargo.toml certs checkpoint checkpoints client
cmake code compose.yaml compose.yml composer.json composer.lock conda conda-meta coverage cuda
data dataset datasets debug dev dist dist-packages doc docker-compose.yaml docker-compose.yml
Dockerfile docs dpkg dump dumps e2e embeddings env envs etc example examples fonts frontend games
gcc Gemfile Gemfile.lock gems git-core go go.mod go.sum group home hooks html htmlcov http hub
huggingface i18n icon-theme.cache icons images include info jvm ld.so.cache lib lib32 lib64 libx32
LICENSE lintian lists llvm local locale log logs mail Makefile man manifests media METADATA
migrations mime mnt mod model models modules node_modules notebooks npm objects ollama opt out
pack package-lock.json package.json packages partial passwd perl perl5 php pip Pipfile
Pipfile.lock pkg pkgcache.bin pkgconfig pkgs pnpm-lock.yaml poetry poetry.lock pom.xml proc
project public pyproject.toml python python2 python3 README README.md RECORD refs registry release
requirements.txt root rpm ruby run rustup sbin scripts server setup.cfg setup.py sgml shadow share
site-packages spec spool src srcpkgcache.bin srv ssl static status status-old sys target temp
terminfo test tests tmp toolchains torch uploads usr uv uv.lock var vendor venv virtualenv web
weights wheelhouse wheels work workspace www x86_64-linux-gnu xml yarn.lock zoneinfo
"""
"""Names of folders and files that thousands of images and projects share."""

_KNOWN = frozenset(_NAMES.split()) | PROGRAMS.keys()

_VERSIONED = re.compile(r"(?:python|ruby|perl|php|gcc|g\+\+|clang|llvm|jvm|node|cuda)-?[\d.]{1,8}")
_ENDING = re.compile(
    r"\.(?:gguf|safetensors|pt|pth|onnx|h5|tflite|npz|npy|bin|parquet|arrow|csv|tsv|jsonl?|sqlite3?|"
    r"db|zip|tar|gz|tgz|bz2|xz|zst|whl|deb|rpm|apk|jar|war|so|a|o|py|pyc|js|ts|map|log|txt|md|html|"
    r"css|png|jpe?g|svg|mp4|wav|pdf|ya?ml|toml|xml|sql|dump|pack|idx|exe|dll)"
)

_DEEPEST = 6
"""Names of a path that are kept; what lies deeper is summed up in a star."""


def image_path(path: bytes) -> str:
    """Return a path in an image as it may stand in a snapshot, with a slash at its beginning."""
    return f"/{context_path(path.decode(errors='replace'))}"


def context_path(path: str) -> str:
    """Return a relative path in a build context as it may stand in a snapshot."""
    names = [_shown(name) for name in path.strip("/").split("/")]
    if len(names) > _DEEPEST:
        names = [*names[:_DEEPEST], HIDDEN]
    while len(names) > 1 and names[-1] == names[-2] == HIDDEN:
        names.pop()
    return "/".join(names)


def _shown(name: str) -> str:
    if name in _KNOWN or _VERSIONED.fullmatch(name):
        return name
    ending = PurePosixPath(name).suffix
    return HIDDEN + (ending if _ENDING.fullmatch(ending.lower()) else "")


def public_step(step: ImageStep) -> ImageStep:
    """Return a step with only those names that may stand in a snapshot; the others are counted.

    Paths are shown as far as they are well known. A package is named where the catalogue of tools
    has it, for a project may have packages of its own.
    """
    named: dict[str, None] = {}
    for name in step.names:
        if "/" in name:
            named[image_path(name.encode(errors="surrogateescape").strip(b"/"))] = None
        elif tools().is_known(name):
            named[name] = None
    return step.model_copy(
        update={"names": tuple(named), "more": step.more + len(step.names) - len(named)}
    )
