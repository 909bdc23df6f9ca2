"""Nothing leaves the walls: what the embedder's library would queue for its maker, it must not even write down."""

import os
import subprocess
import sys
from pathlib import Path

from core.settings import PROJECT_ROOT
from core.telemetry import PHONE_HOME_OFF

EMBED = """
import sys, time
from pathlib import Path
from retrieval.embedders.onnx import OnnxEmbedder
OnnxEmbedder("all-minilm-l6-v2", Path(sys.argv[1]), threads=1).embed_documents(["a text"])
time.sleep(2)
"""


def test_the_embedder_writes_no_telemetry_even_where_no_entry_point_has_switched_it_off(weights: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in PHONE_HOME_OFF} | {"HOME": str(tmp_path)}
    command = [sys.executable, "-c", EMBED, str(weights / "all-minilm-l6-v2")]
    subprocess.run(command, cwd=PROJECT_ROOT, env=environment, check=True, timeout=120)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
