"""What each layer of a model keeps of a text: keys and values, a window of them, or a state.

Source: llama.cpp b11434, ``llama-hparams.cpp``, ``llama-model.cpp`` (``create_memory``) and what
each architecture sets in ``src/models``. An architecture that is not named here is taken as one
whose layers all keep the whole context.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hcreport.estimate.llm_header import MOST_LISTED, Header
from hcreport.model import LayerCache
from hcreport.units import LARGEST_COUNT, Bytes

_WITHOUT_CACHE = frozenset(
    {
        *("bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3"),
        *("neo-bert", "eurobert", "gemma-embedding", "wavtokenizer-dec", "clef"),
        *("dream", "llada", "llada-moe", "rnd1"),
    }
)
"""They work on a text as a whole and keep nothing."""

_ALL_RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})

_FULL_ATTENTION_EVERY = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4, "minimax-01": 8}
"""One layer of so many has a cache, the others a state, where the header says nothing else."""

_WHOLE_EVERY = {
    name: period
    for period, names in (
        (2, ("gemma2", "gpt-oss")),
        (4, ("afmoe", "cohere2", "cohere2moe", "exaone-moe", "exaone4", "laguna", "llama4")),
        (4, ("mellum", "muse-glimmer", "olmo2", "smallthinker")),
        (5, ("gemma3n",)),
        (6, ("gemma3",)),
        (8, ("plamo3",)),
    )
    for name in names
}
"""One layer of so many keeps the whole context, the others a window, where the header says no
pattern. Of the other architectures llama.cpp heeds no window, even where the header names one."""

_WHOLE_FIRST = frozenset({"cohere2moe", "laguna", "smallthinker"})
"""The layer that keeps all is the first of each group, not the last."""

_WINDOW = {"gemma2": 8 * 512, "exaone4": 8 * 512}
"""Tokens of the window where the header does not say."""

_FIXED_WINDOW = {"smallthinker": 8 * 512, "llama4": 16 * 512}
"""Tokens of the window whatever the header says, unless that is 0."""

_PATTERN_NEEDED = frozenset({"gemma4", "mimo2", "step35", "granite_swa", "dots3note"})
"""Their header must say which layers have a window."""

_EXAONE4_WINDOWED_LAYERS = 64
"""Only the exaone4 model with so many layers has windows."""

_STATE_NUMBER = 4
"""Bytes of a number in a recurrent state, which is f32."""


def layer_count(header: Header) -> int:
    """Return how many layers work on a text; those that only guess ahead are not counted.

    Raises ValueError where the header does not say, or says more than any model has.
    """
    layers = header.count("block_count")
    ahead = header.count("nextn_predict_layers", 0)
    if not 0 < layers <= MOST_LISTED or ahead >= layers:
        raise ValueError(f"{layers} layers in the model's header are no usable count")
    return layers - ahead


def layer_caches(header: Header) -> tuple[tuple[LayerCache, ...], int | None]:
    """Return what the layers keep of each token, by kind, and the window in tokens if any has one.

    Raises ValueError where the header lacks what is needed.
    """
    layers = layer_count(header)
    if header.architecture in _WITHOUT_CACHE | _ALL_RECURRENT:
        return (), None
    heads = _key_heads(header, layers)
    caching = _caching_layers(header, heads)
    window = _window(header, layers)
    windowed = _windowed_layers(header, layers) if window else (False,) * layers
    kinds = Counter(
        (*_numbers(header, heads[layer], windowed=windowed[layer]), windowed[layer])
        for layer in range(layers)
        if caching[layer]
    )
    caches = tuple(
        LayerCache(layers=count, keys=keys, values=values, windowed=within)
        for (keys, values, within), count in sorted(kinds.items())
        if keys or values
    )
    return caches, window if any(each.windowed for each in caches) else None


def ends_windowed(header: Header) -> bool:
    """Tell whether the last layer has a window and others have none.

    Raises ValueError where the header lacks what is needed.
    """
    layers = layer_count(header)
    if not _window(header, layers):
        return False
    windowed = _windowed_layers(header, layers)
    return windowed[-1] and not all(windowed)


def query_numbers(header: Header) -> int | None:
    """Return the numbers of all heads' queries for one token, in the layer that has most.

    None where they are as many as stand for the token itself.
    """
    heads = header.count("attention.head_count", 0)
    numbers = heads * header.count("attention.key_length", 0)
    return numbers if numbers not in {0, header.count("embedding_length")} else None


def recurrent_state(header: Header) -> Bytes:
    """Return the bytes of the state that all recurrent layers keep for one slot."""
    state = _state_numbers(header)
    if not state:
        return Bytes(0)
    layers = layer_count(header)
    recurrent = sum(_recurrent_layers(header, _state_heads(header, layers)))
    size = recurrent * state * _STATE_NUMBER
    if size > LARGEST_COUNT:
        raise ValueError("the recurrent state in the model's header has no possible size")
    return Bytes(size)


def _key_heads(header: Header, layers: int) -> tuple[int, ...]:
    """Return the key heads of each layer; where the list was left out, from the tensors' shapes."""
    key = "attention.head_count_kv"
    if header.value(key) is None:
        return header.counts("attention.head_count", layers)
    if not header.left_out(key):
        return header.counts(key, layers)
    length = _length(header, "key")
    rows = {each.name: each.dimensions for each in header.tensors}
    shapes = [rows.get(f"blk.{layer}.attn_k.weight", ()) for layer in range(layers)]
    if not any(shapes) or header.value("attention.key_length_swa") is not None:
        return header.counts(key, layers)  # which says that the list was left out
    return tuple(shape[1] // length if len(shape) > 1 else 0 for shape in shapes)


def _state_heads(header: Header, layers: int) -> tuple[int, ...]:
    if header.architecture in _ALL_RECURRENT:
        return (0,) * layers
    return _key_heads(header, layers)


def _caching_layers(header: Header, heads: Sequence[int]) -> tuple[bool, ...]:
    """Tell for each layer whether it has a cache of its own."""
    own = len(heads)
    if header.architecture == "gemma3n":
        own = 20  # the layers after them look into these layers' cache
    elif header.architecture == "gemma4":
        own -= header.count("attention.shared_kv_layers", 0)
    recurrent = (False,) * len(heads)
    if _by_interval(header):
        recurrent = _recurrent_layers(header, heads)
    return tuple(
        number < own and count > 0 and not recurrent[number] for number, count in enumerate(heads)
    )


def _numbers(header: Header, heads: int, *, windowed: bool) -> tuple[int, int]:
    """Return the numbers of key and value that a layer keeps of one token."""
    keys, values = _length(header, "key"), _length(header, "value")
    if windowed:
        keys = header.count("attention.key_length_swa", keys)
        values = header.count("attention.value_length_swa", values)
    if header.count("attention.key_length_mla", 0) and header.count(
        "attention.value_length_mla", 0
    ):
        values = 0  # the value is computed from the same latent numbers
    return heads * keys, heads * values


def _length(header: Header, part: str) -> int:
    """Return the numbers in the key or the value of one head."""
    length = header.count(f"attention.{part}_length", 0)
    if length:
        return length
    if header.count("attention.key_length_mla", 0):
        return header.count("attention.kv_lora_rank") + header.count("rope.dimension_count")
    heads = header.counts("attention.head_count", 1)[0]
    if heads == 0:
        raise ValueError("the model's header says neither heads nor the length of a key")
    return header.count("embedding_length") // heads


def _window(header: Header, layers: int) -> int | None:
    """Return the tokens that windowed layers look back; None where there is no window."""
    name = header.architecture
    if name == "exaone4" and layers != _EXAONE4_WINDOWED_LAYERS:
        return None
    stated = header.count("attention.sliding_window", _WINDOW.get(name, 0))
    if name in _FIXED_WINDOW and (stated or name == "llama4"):
        is_zero = header.value("attention.sliding_window") == 0
        return None if is_zero else _FIXED_WINDOW[name]
    return stated or None


def _windowed_layers(header: Header, layers: int) -> tuple[bool, ...]:
    """Tell for each layer whether it keeps a window only."""
    name, key = header.architecture, "attention.sliding_window_pattern"
    pattern = header.value(key)
    if isinstance(pattern, tuple) and pattern:
        return tuple(bool(each) for each in header.counts(key, layers))
    if name in _PATTERN_NEEDED:
        raise ValueError(f"the model's header does not say {name}.{key}")
    if name.startswith("lfm2"):
        return (True,) * layers
    if name not in _WHOLE_EVERY:
        return (False,) * layers
    period = header.count(key, _WHOLE_EVERY[name])
    if period == 0:
        return (True,) * layers
    whole = 0 if name in _WHOLE_FIRST else period - 1
    return tuple(layer % period != whole for layer in range(layers))


def _by_interval(header: Header) -> bool:
    return (
        header.architecture in _FULL_ATTENTION_EVERY
        or header.value("attention.recurrent_layers") is not None
    )


def _recurrent_layers(header: Header, heads: Sequence[int]) -> tuple[bool, ...]:
    """Tell for each layer whether it keeps a state."""
    layers, key = len(heads), "attention.recurrent_layers"
    if header.value(key) is not None:
        return tuple(bool(each) for each in header.counts(key, layers))
    if header.architecture in _FULL_ATTENTION_EVERY:
        every = header.count("full_attention_interval", _FULL_ATTENTION_EVERY[header.architecture])
        return tuple(every == 0 or (layer + 1) % every != 0 for layer in range(layers))
    without = tuple(count == 0 for count in heads)
    if header.architecture.startswith("nemotron_h"):
        wide = header.counts("feed_forward_length", layers, 0)
        return tuple(none and not width for none, width in zip(without, wide, strict=True))
    # Where no layer does without attention, each layer has both (falcon-h1).
    return without if any(without) else (True,) * layers


def _state_numbers(header: Header) -> int:
    """Return the numbers in one recurrent layer's state; 0 where the model has none."""
    embedding = header.count("embedding_length")
    if head := header.count("wkv.head_size", 0):
        return embedding * (header.count("token_shift_count", 2) + head)
    if kept := header.count("shortconv.l_cache", 0):
        return embedding * (kept - 1)
    kernel = header.count("ssm.conv_kernel", 0)
    if head := header.count("kda.head_dim", 0):
        inner = header.count("attention.head_count") * head
        return 3 * (kernel - 1 if kernel else 3) * inner + head * inner
    inner, state = header.count("ssm.inner_size", 0), header.count("ssm.state_size", 0)
    groups = header.count("ssm.group_count", 0)
    return max(kernel - 1, 0) * (inner + 2 * groups * state) + state * inner
