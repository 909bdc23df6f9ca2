"""How vLLM is told to serve a model on the cards there are, or on none: plain values in, its command line out.

The rules are few. A model that fits one card stays on one, since cards that talk to each other answer later; else it is cut
over as many as it needs. Weights that would leave no room for questions are shrunk to 8 bits. What memory is left decides how
long a text it takes: as long as four questions of that length fit side by side, up to the model's own window. Every rule
has a setting that overrides it, and ``vllm.options`` has the last word on all else.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingsError
from core.settings import Settings
from infra.local.cards import Card
from infra.local.shape import Shape

OVERHEAD_MIB = 2048  # of each card: CUDA itself, its graphs, and what one step computes
WEIGHTS_SHARE = 0.7  # of what is then left, at most, so that questions have room
FP8_SINCE = (8, 0)  # Ampere reads 8-bit weights; from (8, 9) on it computes with them, too
ABREAST = 4  # questions of the full window that fit side by side
MAX_WINDOW = 32768  # longer only on request: the first word of such a text takes seconds on any card
COMMON = (
    "--enable-prefix-caching",
    "--disable-uvicorn-access-log",  # a line for each check of its health
    "--structured-outputs-config",
    # it knows more of JSON Schema than the others; between a value's parts a small model may write white space for ever
    '{"backend": "guidance", "disable_any_whitespace": true}',
)
CPU_ABREAST = 16  # questions a CPU takes in turns; more wait
MAX_LORAS = 4  # adapters that one step may mix
LORA_RANKS = (8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter: the name it is asked for by, its folder, and its rank."""

    name: str
    folder: Path
    rank: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model goes onto cards."""

    num_cards: int
    quantization: str | None
    window_tokens: int


def command_line(
    folder: Path, shape: Shape, cards: tuple[Card, ...], adapters: tuple[Adapter, ...], settings: Settings
) -> tuple[str, ...]:
    """Give the arguments of vLLM's OpenAI server; raises SettingsError if the model does not fit these cards."""
    served = (
        "--model",
        str(folder),
        "--served-model-name",
        settings.llm.model,
        "--host",
        settings.vllm.host,
        "--port",
        str(settings.llm.port),
    )
    where = _on_cards(fit(shape, cards, settings), settings) if cards else _on_cpu(settings)
    return (*served, *where, *COMMON, *_adapted(adapters), *shlex.split(settings.vllm.options or ""))


def fit(shape: Shape, cards: tuple[Card, ...], settings: Settings) -> Fit:
    """Decide over how many cards the model goes, whether it is shrunk, and how long a text may be."""
    vllm, room_mib = settings.vllm, _room_mib(cards, settings)
    can_shrink = not shape.is_quantised and vllm.quantization is None and min(c.capability for c in cards) >= FP8_SINCE
    for quantization, weights_mib in ((vllm.quantization, _shrunk(shape, vllm.quantization)), ("fp8", shape.weights_mib // 2)):
        for num in _numbers_of_cards(shape, cards, settings):
            is_roomy = weights_mib <= WEIGHTS_SHARE * room_mib * num
            if is_roomy and (quantization == vllm.quantization or can_shrink):
                return Fit(num, quantization, _window(shape, num * room_mib - weights_mib, settings))
    most = max(_numbers_of_cards(shape, cards, settings))
    raise SettingsError(
        f"{settings.llm.model} has {shape.weights_mib / 1024:.0f} GiB of weights, and {most} of the {len(cards)} cards here have"
        f" room for {WEIGHTS_SHARE * room_mib * most / 1024:.0f} GiB beside questions: take a smaller model or a quantised one"
        " (AWQ, GPTQ), or set MUNIMENT_VLLM_QUANTIZATION or MUNIMENT_VLLM_TENSOR_PARALLEL."
    )


def _room_mib(cards: tuple[Card, ...], settings: Settings) -> float:
    """Memory of one card for weights and questions; the smallest card decides, since all get equal parts."""
    return max(settings.vllm.memory_share * min(card.memory_mib for card in cards) - OVERHEAD_MIB, 0)


def _shrunk(shape: Shape, quantization: str | None) -> int:
    if shape.is_quantised or quantization is None:
        return shape.weights_mib
    return shape.weights_mib * 3 // 10 if quantization == "bitsandbytes" else shape.weights_mib // 2


def _numbers_of_cards(shape: Shape, cards: tuple[Card, ...], settings: Settings) -> list[int]:
    """List how many cards may share the model, fewest first: powers of two that divide its attention heads."""
    if wanted := settings.vllm.tensor_parallel:
        if wanted > len(cards):
            raise SettingsError(f"MUNIMENT_VLLM_TENSOR_PARALLEL is {wanted}, but vLLM sees {len(cards)} cards here.")
        return [wanted]
    numbers = [2**n for n in range(len(cards).bit_length()) if 2**n <= len(cards)]
    return [n for n in numbers if shape.num_heads is None or shape.num_heads % n == 0]


def _window(shape: Shape, left_mib: float, settings: Settings) -> int:
    """Choose the window: never less than ``llm.window_tokens``, which the prompts are made for."""
    wanted, longest = settings.llm.window_tokens, shape.window_tokens or settings.llm.window_tokens
    if wanted > longest:
        raise SettingsError(f"MUNIMENT_LLM_WINDOW_TOKENS is {wanted}, more than the {longest} that {settings.llm.model} takes.")
    if shape.cache_bytes is None:
        return wanted
    tokens = int(left_mib * 2**20 / shape.cache_bytes)
    if tokens < wanted:
        raise SettingsError(
            f"Beside {settings.llm.model} the cards have room for {tokens} tokens of questions, fewer than"
            f" MUNIMENT_LLM_WINDOW_TOKENS={wanted}: lower it, or shrink the weights by MUNIMENT_VLLM_QUANTIZATION."
        )
    return max(wanted, min(longest, MAX_WINDOW, tokens // ABREAST // 1024 * 1024))


def _on_cards(found: Fit, settings: Settings) -> tuple[str, ...]:
    shrunk = ("--quantization", found.quantization) if found.quantization else ()
    spread = ("--tensor-parallel-size", str(found.num_cards)) if found.num_cards > 1 else ()
    share = ("--gpu-memory-utilization", f"{settings.vllm.memory_share:g}")
    return ("--dtype", "auto", *share, "--max-model-len", str(found.window_tokens), *shrunk, *spread)


def _on_cpu(settings: Settings) -> tuple[str, ...]:
    """float32, since few CPUs compute with 16 bits; no compilation, which takes minutes and gains little there."""
    abreast = str(max(settings.llm.parallel, CPU_ABREAST))
    window = str(settings.llm.window_tokens)
    return ("--dtype", "float32", "--enforce-eager", "--max-model-len", window, "--max-num-seqs", abreast)


def _adapted(adapters: tuple[Adapter, ...]) -> tuple[str, ...]:
    if not adapters:
        return ()
    rank = next((rank for rank in LORA_RANKS if rank >= max(a.rank for a in adapters)), LORA_RANKS[-1])
    most = ("--max-lora-rank", str(rank), "--max-loras", str(min(len(adapters), MAX_LORAS)))
    return ("--enable-lora", *most, "--lora-modules", *(f"{a.name}={a.folder}" for a in adapters))
