"""One function from cards, model and settings to vLLM's command line, held to a table of what an administrator would choose."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import SettingsError
from core.settings import Settings
from infra.local.cards import Card
from infra.local.shape import Shape
from infra.local.vllm_options import Adapter, Fit, command_line, fit

T4 = Card("Tesla T4", 15360, (7, 5))
A10 = Card("NVIDIA A10", 23028, (8, 6))
L4 = Card("NVIDIA L4", 23034, (8, 9))
H100 = Card("NVIDIA H100", 81559, (9, 0))
H200 = Card("NVIDIA H200", 143771, (9, 0))
# in 16 bits; keys and values of a token by layers x heads x 128 x 2 x 2 bytes
QWEN_1B = Shape(2944, False, 12, 28 * 2 * 128 * 4, 32768)
LLAMA_8B = Shape(15316, False, 32, 32 * 8 * 128 * 4, 131072)
QWEN_32B = Shape(62500, False, 40, 64 * 8 * 128 * 4, 32768)
LLAMA_70B = Shape(134600, False, 64, 80 * 8 * 128 * 4, 131072)
LLAMA_70B_AWQ = Shape(38000, True, 64, 80 * 8 * 128 * 4, 131072)
ODD = Shape(30000, False, 14, 48 * 2 * 128 * 4, 32768)  # 14 heads: two cards, and not four


def settings(**vllm: Any) -> Settings:
    return Settings(llm={"engine": "vllm", "model": "org/model"}, vllm=vllm)


@pytest.mark.parametrize(
    ("model", "cards", "expected"),
    [
        (QWEN_1B, [T4], Fit(1, None, 32768)),
        (QWEN_1B, [L4] * 4, Fit(1, None, 32768)),  # one card is enough
        (LLAMA_8B, [H100], Fit(1, None, 32768)),
        (LLAMA_8B, [L4], Fit(1, "fp8", 21504)),  # 15 of 20 GiB would leave no room for questions
        (LLAMA_8B, [A10], Fit(1, "fp8", 21504)),
        (LLAMA_8B, [L4] * 2, Fit(2, None, 32768)),
        (QWEN_32B, [H200], Fit(1, None, 32768)),
        (QWEN_32B, [H100], Fit(1, "fp8", 32768)),
        (QWEN_32B, [L4] * 4, Fit(4, "fp8", 32768)),
        (LLAMA_70B, [H100] * 4, Fit(4, None, 32768)),
        (LLAMA_70B, [H100] * 3, Fit(2, "fp8", 32768)),  # three do not divide its heads
        (LLAMA_70B, [H200], Fit(1, "fp8", 32768)),
        (LLAMA_70B_AWQ, [H100], Fit(1, None, 26624)),
        (ODD, [L4] * 4, Fit(2, "fp8", 32768)),
        (LLAMA_8B, [H200, L4], Fit(2, None, 32768)),  # the smaller card decides, whichever of the two it is
    ],
)
def test_the_memory_of_the_cards_decides(model: Shape, cards: list[Card], expected: Fit) -> None:
    assert fit(model, tuple(cards), settings()) == expected


@pytest.mark.parametrize(
    ("model", "cards", "vllm", "expected"),
    [
        (LLAMA_8B, [H100] * 2, {"tensor_parallel": 2}, Fit(2, None, 32768)),
        (LLAMA_8B, [H100], {"quantization": "fp8"}, Fit(1, "fp8", 32768)),
        (LLAMA_8B, [T4], {"quantization": "bitsandbytes"}, Fit(1, "bitsandbytes", 14336)),
        (QWEN_1B, [H200], {"memory_share": 0.1}, Fit(1, None, 32768)),
    ],
)
def test_a_setting_wins_over_a_rule(model: Shape, cards: list[Card], vllm: dict[str, Any], expected: Fit) -> None:
    assert fit(model, tuple(cards), settings(**vllm)) == expected


@pytest.mark.parametrize(
    ("model", "cards", "vllm", "said"),
    [
        (LLAMA_8B, [T4], {}, "15 GiB of weights"),  # a card that reads no 8-bit weights
        (LLAMA_70B, [H100], {}, "131 GiB of weights"),
        (LLAMA_70B_AWQ, [L4], {}, "37 GiB of weights"),
        (LLAMA_8B, [L4], {"tensor_parallel": 2}, "vLLM sees 1 cards"),
    ],
)
def test_what_does_not_fit_says_so_in_figures(model: Shape, cards: list[Card], vllm: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        fit(model, tuple(cards), settings(**vllm))


def test_the_window_is_never_less_than_prompts_are_made_for() -> None:
    wide = settings().with_values(llm={"window_tokens": 60000})
    assert fit(LLAMA_8B, (H100,), wide).window_tokens == 60000
    with pytest.raises(SettingsError, match="MUNIMENT_LLM_WINDOW_TOKENS=120000"):
        fit(LLAMA_8B, (L4,), wide.with_values(llm={"window_tokens": 120000}))
    with pytest.raises(SettingsError, match="more than the 32768"):
        fit(QWEN_1B, (L4,), wide)


def options(line: tuple[str, ...]) -> dict[str, str]:
    """Read a command line as pairs; an option without a value stands for itself."""
    pairs = zip(line, [*line[1:], "--"], strict=True)
    return {word: "" if following.startswith("--") else following for word, following in pairs if word.startswith("--")}


def test_on_a_cpu_it_computes_in_float32_and_compiles_nothing() -> None:
    line = options(command_line(Path("/m"), QWEN_1B, (), (), settings()))
    assert line["--dtype"] == "float32"
    assert line["--max-model-len"] == "4096"
    assert "--enforce-eager" in line
    assert "--enable-prefix-caching" in line
    assert not {"--quantization", "--tensor-parallel-size", "--gpu-memory-utilization"} & set(line)


def test_on_cards_it_is_told_what_was_decided_and_only_this_machine_is_served() -> None:
    line = options(command_line(Path("/m"), QWEN_32B, (L4,) * 4, (), settings(memory_share=0.85)))
    assert (line["--tensor-parallel-size"], line["--quantization"], line["--gpu-memory-utilization"]) == ("4", "fp8", "0.85")
    assert (line["--model"], line["--served-model-name"], line["--host"]) == ("/m", "org/model", "127.0.0.1")
    assert "--enable-prefix-caching" in line


def test_adapters_are_served_by_their_names_at_the_largest_rank() -> None:
    adapters = (Adapter("legal", Path("/a/legal"), 16), Adapter("hr", Path("/a/hr"), 24))
    line = command_line(Path("/m"), LLAMA_8B, (H100,), adapters, settings())
    at = line.index("--lora-modules")
    assert line[at + 1 : at + 3] == ("legal=/a/legal", "hr=/a/hr")
    assert (options(line)["--max-lora-rank"], options(line)["--max-loras"]) == ("32", "2")


def test_further_options_come_last_and_so_win() -> None:
    line = command_line(Path("/m"), LLAMA_8B, (H100,), (), settings(options="--max-model-len 8192 --seed 7"))
    assert line[-4:] == ("--max-model-len", "8192", "--seed", "7")


def test_no_secret_stands_on_the_command_line() -> None:
    secret = settings().with_values(llm={"api_key": "a-secret"})
    assert not [word for word in command_line(Path("/m"), QWEN_1B, (), (), secret) if "a-secret" in word]
