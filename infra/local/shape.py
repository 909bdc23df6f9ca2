"""What a model's folder tells about how much memory it will take: a folder of safetensors in, sizes out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import WeightsError

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True, slots=True)
class Shape:
    """``weights_mib`` as vLLM will hold them, in 16 bits unless they are quantised; ``cache_bytes`` of one token's keys and
    values in 16 bits; ``window_tokens`` the longest text the model was made for. None is what the folder does not tell."""

    weights_mib: int
    is_quantised: bool
    num_heads: int | None
    cache_bytes: int | None
    window_tokens: int | None


def read(folder: Path) -> Shape:
    """Read a folder as Hugging Face's transformers save it; raises WeightsError if it is none."""
    files = sorted(folder.glob("*.safetensors"))
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        config = None
    if not files or not isinstance(config, dict):
        raise WeightsError(
            f"vLLM cannot load {folder}: it needs a folder with config.json, a tokenizer and *.safetensors, and loads no .gguf."
            " Set MUNIMENT_LLM_MODEL to such a folder or to a hub's ORG/NAME, and see docs/howto/vllm.md."
        )
    text = config.get("text_config", config)  # of a model that also sees
    is_quantised = "quantization_config" in config
    stored = sum(file.stat().st_size for file in files) // 2**20
    stored_bytes = BYTES.get(str(text.get("dtype") or text.get("torch_dtype") or config.get("torch_dtype")), 2)
    weights_mib = stored if is_quantised else stored * 2 // stored_bytes
    window_tokens = _number(text, "max_position_embeddings")
    return Shape(weights_mib, is_quantised, _number(text, "num_attention_heads"), _cache(text), window_tokens)


def _cache(text: dict[str, Any]) -> int | None:
    layers, heads = _number(text, "num_hidden_layers"), _number(text, "num_attention_heads")
    hidden = _number(text, "hidden_size")
    kept = _number(text, "num_key_value_heads") or heads
    size = _number(text, "head_dim") or (hidden // heads if hidden and heads else None)
    return 2 * 2 * layers * kept * size if layers and kept and size else None


def _number(text: dict[str, Any], name: str) -> int | None:
    value = text.get(name)
    return value if isinstance(value, int) and value > 0 else None
