"""Tells by name and first bytes whether a file holds a model, a data set, an archive or a log.

Sources of the first bytes: ggml ``docs/gguf.md``, safetensors "Format", the file formats of HDF5
and TensorFlow Lite ("TFL3"), Apache Parquet and Arrow, SQLite "Database file format", and file(1)
for archives. A PyTorch file is a ZIP archive, and ONNX has no first bytes of its own, so
for these the name decides.
"""

from __future__ import annotations

import re

from hcreport.model import Group
from hcreport.units import KIB, MIB

_LARGE = MIB
"""Bytes; a smaller archive or table is taken for a part of the application."""

_LARGE_IN_DATA = 64 * KIB
"""Bytes; any larger file in a folder of data is data, unless it is code."""

_CODE = (b".py", b".js", b".ts", b".mjs", b".cjs", b".so", b".css", b".html", b".go", b".rs")

_WEIGHTS = (
    *(b".gguf", b".ggml", b".safetensors", b".onnx", b".tflite", b".keras", b".mlmodel"),
    *(b".ckpt", b".pdparams", b".caffemodel", b".engine"),
)
_TORCH = (b".pt", b".pth", b".bin", b".ckpt", b".model", b".pkl", b".tar")
_HIERARCHICAL = (b".h5", b".hdf5", b".keras", b".weights")
_TABLES = (
    *(b".csv", b".tsv", b".jsonl", b".ndjson", b".npz", b".npy", b".parquet", b".arrow"),
    *(b".feather", b".avro", b".orc", b".tfrecord", b".lmdb", b".mdb", b".duckdb", b".sas7bdat"),
    *(b".xlsx", b".hdf5", b".h5", b".rds", b".sql", b".dump", b".zarr"),
)
_BASES = (b".db", b".sqlite", b".sqlite3", b".db3")
_ARCHIVES = (
    *(b".zip", b".tar", b".gz", b".tgz", b".bz2", b".xz", b".zst", b".7z", b".rar", b".lz4"),
    *(b".iso", b".img", b".qcow2", b".vmdk"),
)
_PACKED = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a",
)
_PROGRAM_ARCHIVES = (
    b".jar",
    b".war",
    b".ear",
    b".apk",
    b".egg",
    b".pyz",
    b".pex",
    b".asar",
    b".map",
)
_PACKAGES = (b".whl", b".deb", b".rpm", b".apk", b".gem", b".nupkg", b".crate")
_LOGS = re.compile(
    rb"\.log(?:\.\d+)?(?:\.gz)?$|^nohup\.out$|^core\.\d+$|^npm-debug|^yarn-error|\.sw[op]$|~$"
    rb"|\.(?:tmp|temp|bak|orig|pid)$|^\.coverage(?:\.|$)|^\.DS_Store$|^Thumbs\.db$"
)
_HEADERS = (b".h", b".hpp", b".hh", b".hxx", b".cuh", b".inl")
_CUDA = re.compile(
    rb"^lib(?:torch_cuda|cuda|cudart|cudnn|cublas|cufft|curand|cusolver|cusparse|cufile|cupti"
    rb"|nccl|nv[a-z]*(?:rtc|jitlink|toolsext|infer|onnxparser|perf|jpeg|shmem)|nvidia|npp|caffe2_nvrtc"
    rb"|onnxruntime_providers_(?:cuda|tensorrt)|c10_cuda|torch_hip|amdhip|rocm|hip|rocblas|miopen)"
    rb"[\w.\-]*\.so"
)


def is_static_library(name: bytes) -> bool:
    """Tell whether only a linker reads the file."""
    return name.endswith((b".a", b".la", b".lib"))


def is_header(name: bytes) -> bool:
    """Tell whether only a compiler reads the file."""
    return name.endswith(_HEADERS)


def is_cuda(name: bytes) -> bool:
    """Tell whether a library is for a graphics processor alone."""
    return name.startswith(b"lib") and _CUDA.match(name) is not None


def group_of_content(name: bytes, size: int, head: bytes, *, data: bool = False) -> Group | None:
    """Return the group of a file that no package owns, by what it holds; None where it is none.

    ``head`` is its first bytes, as far as they were kept. ``data`` says that a folder of data
    holds it, where also small files are.
    """
    lower = name.lower()
    if _is_model(lower, size, head):
        return "model-weights"
    if lower.endswith(_PACKAGES) and size >= KIB:
        return "package-caches"
    if _LOGS.search(name):
        return "logs-and-temporary-files"
    if _is_data(lower, size, head, data):
        return "datasets-and-archives"
    if is_static_library(lower):
        return "static-libraries"
    return "bytecode" if lower.endswith((b".pyc", b".pyo")) else None


def _is_model(name: bytes, size: int, head: bytes) -> bool:
    if head.startswith((b"GGUF", b"ggml", b"ggjt")) or head[4:8] == b"TFL3":
        return True
    if head[8:9] == b"{" and 0 < int.from_bytes(head[:8], "little") <= 128 * MIB:
        return True
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return name.endswith(_HIERARCHICAL) and not name.endswith(b".hdf5")
    if name.endswith(_TORCH) and head.startswith((b"PK\x03\x04", b"\x80\x02\x8a\x0a", b"\x80\x02")):
        return not name.endswith(b".tar")
    if name.endswith(_WEIGHTS):
        return size >= KIB
    return name.endswith((b".bin", b".pt", b".pth", b".pkl", b".joblib")) and size >= 16 * MIB


def _is_data(name: bytes, size: int, head: bytes, data: bool) -> bool:
    if head.startswith((b"PAR1", b"ARROW1", b"FEA1", b"Obj\x01", b"ORC")) and size >= KIB:
        return True
    if name.endswith(_PROGRAM_ARCHIVES):
        return False
    least = KIB if data else _LARGE
    if name.endswith(_BASES) or head.startswith(b"SQLite format 3\0"):
        return size >= least
    if size < least:
        return False
    if name.endswith(_TABLES) or name.endswith(_ARCHIVES) or head[257:262] == b"ustar":
        return True
    if head.startswith((*_PACKED, b"PK\x03\x04")) and size >= _LARGE:
        return True
    return data and size >= _LARGE_IN_DATA and not name.endswith(_CODE)
