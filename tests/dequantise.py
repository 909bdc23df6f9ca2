"""A llama in GGUF made into a folder that vLLM loads: ``python tests/dequantise.py MODEL.gguf FOLDER``, in vLLM's environment.

The weights are dequantised to float32, llama.cpp's order of the rows of q and k (its rotary embedding takes neighbours, the
original takes halves) is undone, and configuration and tokenizer are read off the GGUF. So both servers run one model.
"""

import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def convert(source: Path, target: Path) -> None:
    """Write ``target`` anew: config.json, model.safetensors and the tokenizer's files."""
    reader = gguf.GGUFReader(source)
    config = configuration(reader)
    target.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(target)
    save_file(
        {name: torch.from_numpy(array) for name, array in weights(reader, config)}, target / "model.safetensors", {"format": "pt"}
    )
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    tokenizer.save_pretrained(target)
    GenerationConfig(bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id).save_pretrained(target)


def configuration(reader: Any) -> LlamaConfig:
    """Read the shape of the model off the header."""

    def value(name: str) -> Any:
        return reader.fields[name].contents()

    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=len(value("tokenizer.ggml.tokens")),
        hidden_size=value("llama.embedding_length"),
        intermediate_size=value("llama.feed_forward_length"),
        num_hidden_layers=value("llama.block_count"),
        num_attention_heads=value("llama.attention.head_count"),
        num_key_value_heads=value("llama.attention.head_count_kv"),
        max_position_embeddings=value("llama.context_length"),
        rms_norm_eps=value("llama.attention.layer_norm_rms_epsilon"),
        rope_theta=value("llama.rope.freq_base"),
        bos_token_id=value("tokenizer.ggml.bos_token_id"),
        eos_token_id=value("tokenizer.ggml.eos_token_id"),
        tie_word_embeddings=not any(tensor.name == "output.weight" for tensor in reader.tensors),
        dtype="float32",
    )


def weights(reader: Any, config: LlamaConfig) -> Any:
    """Yield each tensor by its original name, in float32."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for tensor in reader.tensors:
        *place, name, kind = tensor.name.split(".")
        array = np.array(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        if name in heads:
            array = in_halves(array, heads[name])
        prefix = f"model.layers.{place[1]}." if place else ""
        yield f"{prefix}{NAMES[name]}.{kind}", np.ascontiguousarray(array)


def in_halves(array: Any, num_heads: int) -> Any:
    """Undo llama.cpp's interleaving of each head's rows."""
    rows, columns = array.shape
    return array.reshape(num_heads, rows // num_heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
