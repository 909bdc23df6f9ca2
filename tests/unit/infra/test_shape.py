import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import WeightsError
from infra.local import shape
from infra.local.shape import Shape

LLAMA = {
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
}


def model(folder: Path, config: dict[str, Any], *, num_mib: int = 8) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        with (folder / name).open("wb") as file:
            file.truncate(num_mib * 2**19)
    return folder


def test_a_folder_tells_its_weights_and_what_a_token_costs(tmp_path: Path) -> None:
    # keys and values, 32 layers, 8 heads of 128 numbers, 2 bytes each: 128 KiB a token, as is known of Llama 3 8B
    assert shape.read(model(tmp_path, LLAMA)) == Shape(8, False, 32, 131072, 131072)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"torch_dtype": "float32"}, Shape(4, False, 32, 131072, 131072)),
        ({"quantization_config": {"quant_method": "awq"}}, Shape(8, True, 32, 131072, 131072)),
        ({"head_dim": 64}, Shape(8, False, 32, 65536, 131072)),
        ({"num_key_value_heads": None}, Shape(8, False, 32, 524288, 131072)),
        ({"num_hidden_layers": None}, Shape(8, False, 32, None, 131072)),
    ],
)
def test_what_a_configuration_says_counts(tmp_path: Path, change: dict[str, Any], expected: Shape) -> None:
    assert shape.read(model(tmp_path, LLAMA | change)) == expected


def test_of_a_model_that_also_sees_the_part_that_reads_counts(tmp_path: Path) -> None:
    assert shape.read(model(tmp_path, {"text_config": LLAMA, "vision_config": {}})) == Shape(8, False, 32, 131072, 131072)


def test_a_folder_of_something_else_says_what_vllm_needs(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").touch()
    with pytest.raises(WeightsError, match=r"config\.json"):
        shape.read(tmp_path)
