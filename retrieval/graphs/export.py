"""Make the ONNX graph of a BERT sentence encoder: the encoder, mean pooling and L2 normalisation, without its weights.

    python -m retrieval.graphs.export MODEL_FOLDER OUTPUT_FOLDER/NAME

writes NAME.onnx (about 100 kB) and NAME.json, which tells for every stripped initializer the safetensors tensor it is
and whether it is transposed. Run it in the torch environment; the product itself only reads what it wrote.
`make test-torch` exports again and compares what the two graphs compute.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

OPSET = 17
LARGEST_KEPT = 64  # elements; scalars and shapes stay in the graph, weights do not


def main() -> None:
    """Export the graph of the model in the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Export a sentence encoder's graph without its weights.")
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    export(arguments.model, arguments.output)


def export(model: Path, output: Path) -> None:
    """Write ``output`` + .onnx and .json for the model in folder ``model``."""
    import onnx  # type: ignore[import-not-found]  # in the torch environment only, like torch below

    graph_file = output.with_suffix(".onnx")
    _trace(model, graph_file)
    graph = onnx.load(graph_file)
    weights = _strip(graph, load_file(model / "model.safetensors"))
    onnx.save(graph, graph_file)
    window = json.loads((model / "sentence_bert_config.json").read_text())["max_seq_length"]
    description = {"window_tokens": window, "weights": weights}
    output.with_suffix(".json").write_text(json.dumps(description, indent=1) + "\n")


def _trace(model: Path, graph_file: Path) -> None:
    import torch
    from transformers import AutoModel  # type: ignore[import-not-found]

    class Encoder(torch.nn.Module):  # type: ignore[misc]  # torch is untyped where it is not installed
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, p=2, dim=1)

    example = (torch.ones(2, 8, dtype=torch.int64), torch.ones(2, 8, dtype=torch.int64))
    axes = {0: "text", 1: "token"}
    torch.onnx.export(
        Encoder(),
        example,
        str(graph_file),
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "text"}},
        opset_version=OPSET,
        dynamo=False,
    )


def _strip(graph: Any, tensors: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Take every weight out of the graph; returns where each is found, matched by its values."""
    import onnx

    found = {}
    for initializer in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(initializer)
        if values.size <= LARGEST_KEPT:
            continue
        found[initializer.name] = _find(values, tensors)
        initializer.ClearField("raw_data")
        initializer.data_location = onnx.TensorProto.EXTERNAL
        initializer.external_data.add(key="location", value="model.safetensors")
    return found


def _find(values: np.ndarray, tensors: dict[str, np.ndarray]) -> dict[str, Any]:
    for transposed in (False, True):
        for name, tensor in tensors.items():
            candidate = tensor.T if transposed else tensor
            if candidate.dtype == values.dtype and np.array_equal(candidate, values):
                return {"tensor": name, "transposed": transposed}
    raise ValueError(f"an initializer of shape {values.shape} is no tensor of the model")


if __name__ == "__main__":
    main()
