"""Writes docs/reference/cli.md from the commands' own help, for ``make docs``."""

from collections.abc import Iterator
from typing import Any

import typer

from ui.cli.main import app

WIDTH = 100
HEAD = """# The command line

Generated from the commands' own help by `make docs`; do not edit.

Results go to standard output, progress and errors to standard error. The exit status is 0 when done, 1 when not (one line
says why), 2 for a wrong option or setting. The API is found by `MUNIMENT_API_URL`, else by what `muniment up` wrote down, and
the key by `MUNIMENT_API_KEY`, else in the file `api-key` of `MUNIMENT_HOME`. Settings: [settings.md](settings.md).

`--json` prints what the API answers ([api.md](api.md)), without the progress and the tables. Of these commands' own:

- `ingest`: `{"documents": [{source, document_id, status, error}]}`, status one of `indexed`, `unchanged`, `failed`,
  `quarantined`, `rejected`; `source` is the file's absolute path. What is not finished is `queued` or `running` with `--no-wait`,
  and left out after Ctrl-C.
- `status`: `{ready, api_url, web_url, components: [{name, state, detail}]}`.
- `eval retrieval`: `{measures: {NAME: value}, latency_ms: {p50, p95}, num_documents, num_passages, num_queries,
  mean_passage_chars, k, store, started_at, notes, queries: [{query_id, query, measures, elapsed_ms, gold, hits: [{source,
  start, end, score}]}]}`, each query with its first 10 hits; `source` and `gold` are names in the data set, or paths below
  the corpus. With `--compare` also `comparison: {measures: {NAME: {before, now}}, main_measure, num_shared_queries, worse,
  better}`.
- `eval answers`: `{measures: {NAME: value}, counted: {NAME: number}, main_measure, waited_ms: {evidence, first_token,
  total: {p50, p95}}, server_ms: {NAME: median}, tokens, curve: [{confidence, coverage, accuracy}], aurc, fit: {threshold,
  balanced_accuracy, answered, refused, expected}, num_queries, num_refused, num_degraded, num_failed, collection, models,
  started_at, stopped, notes, queries: [{query_id, query, measures, answerable, expected, answer, refused, reason, confidence,
  degraded, error, claims: [{text, verdict, reason, citations}], quotes: [{shown_as, number, source, page, start, end, quote,
  mended, fault}], waited_ms, timings_ms}]}`; with `--compare` also `comparison`, as above.
- `eval harness`: `{tasks: {NAME: {measures: {NAME: value}, num_questions}}, harness_version, model}`.
- `route egress`: `{"egress": [...]}`; with `--body` what left, to the byte.
- `models`: `{"models": [{name, role, version, licence, num_bytes, origin, state, folder, error}]}`.

`start` and `end` are character offsets, end exclusive, into what `muniment text DOCUMENT_ID` prints.
"""


def render() -> str:
    """Write the whole page."""
    return "\n".join([HEAD, *_sections(typer.main.get_command(app), "muniment", None)])


def _sections(command: Any, name: str, parent: Any) -> Iterator[str]:
    options = {"parent": parent, "resilient_parsing": True, "terminal_width": WIDTH, "max_content_width": WIDTH}
    with command.make_context(name, [], **options) as context:
        yield f"## `{context.command_path}`\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
        for child in command.list_commands(context) if hasattr(command, "list_commands") else ():
            yield from _sections(command.get_command(context, child), child, context)
