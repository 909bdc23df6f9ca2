"""Remove stored bytes that nothing needs any more: files of deleted documents and of failed jobs, torn uploads.

Done by the worker some minutes later, and never at the moment of deletion: another upload may just then have stored
the same bytes, with its job not in the ledger yet.
"""

import logging
import stat
import time
from pathlib import Path

from core.db.pool import Pool, transaction
from ingest import documents

log = logging.getLogger(__name__)
GRACE_S = 600.0
BATCH = 1000


def remove_unneeded(pool: Pool, blobs_dir: Path, *, grace_s: float = GRACE_S) -> int:
    """Remove what was stored more than ``grace_s`` ago and belongs to no document and no unfinished job; returns how many."""
    before = time.time() - grace_s
    old = [path for path in blobs_dir.rglob("*") if _is_older(path, before)]
    num_removed = 0
    for start in range(0, len(old), BATCH):
        some = old[start : start + BATCH]
        with transaction(pool) as connection:
            needed = documents.needed_hashes(connection, [path.name for path in some])
        for path in some:
            if path.name not in needed and _is_older(path, before):  # again, since the same bytes may have come in just now
                path.unlink(missing_ok=True)
                num_removed += 1
    if num_removed:
        log.info("stored_files_removed", extra={"num_removed": num_removed})
    return num_removed


def _is_older(path: Path, before: float) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:  # an upload that has just been given its final name
        return False
    return stat.S_ISREG(status.st_mode) and status.st_mtime < before
