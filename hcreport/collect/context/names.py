"""The names in projects that say what a file or folder is, and which of them a program needs."""

from __future__ import annotations

import re

HISTORY = frozenset({b".git", b".hg", b".svn", b".bzr"})
CACHES = frozenset(
    b".cache .mypy_cache .pytest_cache .ruff_cache .tox .nox .npm .pnpm-store .gradle .m2 "
    b".parcel-cache .turbo .sass-cache .ipynb_checkpoints .hypothesis .pytype .pyre .eggs "
    b".terraform .yarn-cache _cacache .pip-cache .uv-cache .angular .eslintcache".split()
)
CACHES_BELOW = frozenset(
    {(b".next", b"cache"), (b".nuxt", b"cache"), (b"target", b"debug"), (b".yarn", b"cache")}
)
"""By the folder above and their own name."""

MODEL_CACHES = frozenset(
    {b"huggingface", b"torch", b"whisper", b"ollama", b"sentence_transformers"}
)
"""Folders in ``.cache`` that hold models."""

EDITORS = frozenset({b".idea", b".vscode", b".vs", b".fleet"})
COVERAGE = frozenset({b"htmlcov", b".nyc_output"})
ENVIRONMENTS = frozenset({b".venv", b"venv", b"env", b"virtualenv", b".virtualenv"})
TEMPORARY = frozenset({b"logs", b"log", b"tmp", b"temp", b".tmp"})
SECRET_FOLDERS = frozenset({b".aws", b".ssh", b".gnupg"})
TESTS = frozenset({b"tests", b"test", b"testdata", b"fixtures", b"e2e", b"cypress", b"spec"})
DOCS = frozenset({b"docs", b"doc", b"documentation"})
DATA = frozenset({b"data", b"dataset", b"datasets", b"corpus", b"corpora"})
MODELS = frozenset({b"models", b"model", b"weights", b"checkpoints"})

TEMPORARY_ENDS = (
    *(b".log", b".tmp", b".temp", b".bak", b".orig", b".rej", b".swp", b".swo", b"~", b".pid"),
    *(b".DS_Store", b"Thumbs.db", b"nohup.out"),
)
COVERAGE_NAMES = re.compile(rb"^\.coverage(?:\..+)?$")
SECRET_NAMES = frozenset(
    b".env .netrc .pypirc .htpasswd id_rsa id_dsa id_ecdsa id_ed25519 .git-credentials".split()
)
SECRET_ENDS = (b".pem", b".key", b".p12", b".pfx", b".keystore", b".kdbx")
ENV_FILE = re.compile(
    rb"^\.env\.(?!example$|sample$|template$|tpl$|dist$|defaults?$|schema$)[\w.-]+$"
)
WELL_KNOWN_ENV_FILES = frozenset(
    b".env.local .env.development .env.production .env.prod .env.dev .env.staging .env.test".split()
)

MEDIA = (
    *(b".jpg", b".jpeg", b".png", b".webp", b".gif", b".tif", b".tiff", b".bmp", b".wav", b".mp3"),
    *(b".flac", b".ogg", b".mp4", b".avi", b".mkv", b".mov"),
)
PLAIN_DATA_ENDS = frozenset(
    b".parquet .arrow .feather .avro .orc .tfrecord .npz .npy .duckdb .sqlite .sqlite3 .dump .7z "
    b".rar .iso .img .qcow2".split()
)
"""Endings that nothing else has than data and archives."""

_SOURCE_ENDS = (
    *(
        b".py",
        b".pyi",
        b".pyx",
        b".js",
        b".mjs",
        b".cjs",
        b".jsx",
        b".ts",
        b".tsx",
        b".mts",
        b".vue",
    ),
    *(b".svelte", b".go", b".rs", b".java", b".kt", b".scala", b".rb", b".php", b".c", b".cc"),
    *(b".cpp", b".cs", b".swift", b".sh", b".pl", b".lua", b".r", b".jl", b".ex", b".exs", b".erl"),
    *(b".hs", b".ml", b".clj", b".dart", b".proto", b".graphql"),
)
_DOCS_SOURCES = frozenset({b"conf.py", b"docusaurus.config.js", b"sidebars.js", b"mkdocs.py"})
_MANIFESTS = frozenset(
    b"pyproject.toml setup.py setup.cfg MANIFEST.in Pipfile Pipfile.lock poetry.lock uv.lock "
    b"pdm.lock pylock.toml environment.yml environment.yaml package.json package-lock.json "
    b"npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bun.lockb .npmrc "
    b".yarnrc .yarnrc.yml go.mod go.sum Cargo.toml Cargo.lock Gemfile Gemfile.lock composer.json "
    b"composer.lock pom.xml build.gradle build.gradle.kts settings.gradle settings.gradle.kts "
    b"gradlew Makefile CMakeLists.txt mix.exs mix.lock Package.swift deno.json deno.lock".split()
)
_MANIFEST = re.compile(
    rb"^(?:(?:requirements|constraints)[\w.-]*\.(?:txt|in)|tsconfig[\w.-]*\.json"
    rb"|[\w.-]+\.(?:csproj|sln))$"
)
_ABOUT = re.compile(rb"^(?:README|LICEN[CS]E|NOTICE|COPYING)(?:\.[\w.]+)?$", re.IGNORECASE)
_ASIDE = TESTS | DOCS | DATA | MODELS
PLACEHOLDERS = frozenset({b".gitkeep", b".keep", b".gitignore", b".gitattributes"})


def is_source(folder_names: list[bytes], name: bytes) -> bool:
    """Tell whether a file is code that a program may import; the settings of a manual are not."""
    if not name.lower().endswith(_SOURCE_ENDS):
        return False
    return not (name in _DOCS_SOURCES and not DOCS.isdisjoint(folder_names))


def is_manifest(folder_names: list[bytes], name: bytes) -> bool:
    """Tell whether a package manager may ask for a file; one about tests or data is none."""
    if name in _MANIFESTS or _MANIFEST.match(name):
        return True
    return _ABOUT.match(name) is not None and _ASIDE.isdisjoint(folder_names)


def is_placeholder(folder_names: list[bytes], name: bytes) -> bool:
    """Tell whether a file only keeps or explains a folder of data, tests or logs."""
    if (_ASIDE | TEMPORARY).isdisjoint(folder_names):
        return False
    return name in PLACEHOLDERS or _ABOUT.match(name) is not None
