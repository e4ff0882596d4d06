"""The shapes of well-known models: those that the bench makes files of.

They are those of the publishers' configurations, and of the list in ``facts/models.yaml`` where a
model stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bench.ollama.shapes import Shape


class Words(NamedTuple):
    """How many tokens a vocabulary has, and how many rules put them together."""

    tokens: int
    merges: int = 0


_LLAMA3 = Words(128256, 280147)
_QWEN = Words(151936, 151387)
_GEMMA2 = Words(256000)
_GEMMA3 = Words(262144)
_BERT = Words(30522)

_Sizes = tuple[int, int, int, int, int, int, int]


def _shape(
    tag: str,
    architecture: str,
    sizes: _Sizes,
    words: Words,
    *,
    quantization: str = "Q4_K_M",
    tied: bool = False,
    window: int | None = None,
) -> Shape:
    """Return a shape: layers, embedding, heads, key heads, a head, the widest layer, context."""
    layers, embedding, heads, kv_heads, head, feed_forward, context = sizes
    return Shape(
        tag=tag,
        architecture=architecture,
        layers=layers,
        embedding=embedding,
        heads=heads,
        kv_heads=kv_heads,
        head=head,
        feed_forward=feed_forward,
        context=context,
        vocabulary=words.tokens,
        merges=words.merges,
        quantization=quantization,
        tied=tied,
        window=window,
    )


SHAPES: Mapping[str, Shape] = {
    each.tag: each
    for each in (
        _shape("llama3.1:8b", "llama", (32, 4096, 32, 8, 128, 14336, 131072), _LLAMA3),
        _shape(
            "llama3.2:1b",
            "llama",
            (16, 2048, 32, 8, 64, 8192, 131072),
            _LLAMA3,
            quantization="Q8_0",
            tied=True,
        ),
        _shape("llama3.2:3b", "llama", (28, 3072, 24, 8, 128, 8192, 131072), _LLAMA3, tied=True),
        _shape("mistral:7b", "llama", (32, 4096, 32, 8, 128, 14336, 32768), Words(32768)),
        _shape(
            "codellama:7b",
            "llama",
            (32, 4096, 32, 32, 128, 11008, 16384),
            Words(32016),
            quantization="Q4_0",
        ),
        _shape(
            "tinyllama",
            "llama",
            (22, 2048, 32, 4, 64, 5632, 2048),
            Words(32000),
            quantization="Q4_0",
        ),
        _shape("qwen2.5:7b", "qwen2", (28, 3584, 28, 4, 128, 18944, 32768), Words(152064, 151387)),
        _shape("qwen2.5:0.5b", "qwen2", (24, 896, 14, 2, 64, 4864, 32768), _QWEN, tied=True),
        _shape(
            "llama3:8b", "llama", (32, 4096, 32, 8, 128, 14336, 8192), _LLAMA3, quantization="Q4_0"
        ),
        _shape("qwen2.5:3b", "qwen2", (36, 2048, 16, 2, 128, 11008, 32768), _QWEN, tied=True),
        _shape("qwen3:4b", "qwen3", (36, 2560, 32, 8, 128, 9728, 40960), _QWEN, tied=True),
        _shape("qwen3:8b", "qwen3", (36, 4096, 32, 8, 128, 12288, 40960), _QWEN),
        _shape("qwen3:0.6b", "qwen3", (28, 1024, 16, 8, 128, 3072, 40960), _QWEN, tied=True),
        _shape(
            "gemma2:9b",
            "gemma2",
            (42, 3584, 16, 8, 256, 14336, 8192),
            _GEMMA2,
            quantization="Q4_0",
            tied=True,
            window=4096,
        ),
        _shape(
            "gemma2:2b",
            "gemma2",
            (26, 2304, 8, 4, 256, 9216, 8192),
            _GEMMA2,
            quantization="Q4_0",
            tied=True,
            window=4096,
        ),
        _shape(
            "gemma3:4b",
            "gemma3",
            (34, 2560, 8, 4, 256, 10240, 131072),
            _GEMMA3,
            tied=True,
            window=1024,
        ),
        _shape(
            "gemma3:1b",
            "gemma3",
            (26, 1152, 4, 1, 256, 6912, 32768),
            _GEMMA3,
            tied=True,
            window=512,
        ),
        _shape(
            "gemma3:12b",
            "gemma3",
            (48, 3840, 16, 8, 256, 15360, 131072),
            _GEMMA3,
            tied=True,
            window=1024,
        ),
        _shape("phi4:14b", "phi3", (40, 5120, 40, 10, 128, 17920, 16384), Words(100352, 100000)),
        _shape(
            "bge-m3", "bert", (24, 1024, 16, 16, 64, 4096, 8192), Words(250002), quantization="F16"
        ),
        _shape(
            "phi3:mini",
            "phi3",
            (32, 3072, 32, 32, 96, 8192, 131072),
            Words(32064),
            quantization="Q4_0",
        ),
        _shape(
            "nomic-embed-text",
            "nomic-bert",
            (12, 768, 12, 12, 64, 3072, 2048),
            _BERT,
            quantization="F16",
        ),
        _shape(
            "mxbai-embed-large",
            "bert",
            (24, 1024, 16, 16, 64, 4096, 512),
            _BERT,
            quantization="F16",
        ),
        _shape("all-minilm", "bert", (6, 384, 12, 12, 32, 1536, 512), _BERT, quantization="F16"),
    )
}
