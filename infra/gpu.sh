#!/bin/sh
# Put faiss-gpu, or the package that FAISS names, in the place of faiss-cpu in an environment:  infra/gpu.sh ENV
# Both packages bring the module faiss and overwrite each other's files, so one goes before the other comes. It is fetched
# first: where that fails, the environment stays as it was. faiss-gpu is for Linux on x86_64.
set -eu
faiss=${FAISS:-faiss-gpu>=1.12}
python="$1/bin/python"
pip() { "$python" -m pip --quiet --disable-pip-version-check "$@"; }
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
echo "gpu: installing $faiss into $1, in the place of faiss-cpu" >&2
pip wheel --wheel-dir "$fetched" "$faiss"
pip uninstall -y faiss-cpu faiss-gpu
pip install --no-index --find-links "$fetched" "$faiss"
"$python" -c 'import faiss; print("gpu: faiss", faiss.__version__, "sees", faiss.get_num_gpus(), "GPUs")' >&2
