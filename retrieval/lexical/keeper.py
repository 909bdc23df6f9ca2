"""Keeps the index of words up to date with what is committed to PostgreSQL: a thread in every process, one of which writes.

The first process to lock the folder writes until it ends; the others see its commits. The cursor into the change log is in
the same commit as the passages, so an index is consistent whenever its writer dies, and goes on from there. The folder is
derived from PostgreSQL: one that is missing, damaged, too old, or of another version or database is built anew while searches go
on with what they had. What cannot be written, to a full disk say, is tried again later, and nothing is thrown away for it.
"""

import logging
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import tantivy

from core.db.pool import Pool, transaction
from core.errors import DependencyUnavailable
from retrieval import language
from retrieval.lexical import schema
from retrieval.lexical.analysis import analyse, family
from retrieval.lexical.folder import Folder
from retrieval.lexical.snapshot import Snapshot
from retrieval.stores import changes, texts
from retrieval.stores.changes import Cursor
from retrieval.stores.texts import PassageText

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.25
OWN_PATIENCE_S, OTHERS_PATIENCE_S = 5.0, 0.3  # how long a search waits for what its own process writes, for another's
MANY_DOCUMENTS = 50  # no search waits longer than for another process when so many are read
DOCUMENTS_AT_ONCE, PASSAGES_PER_COMMIT = 200, 20_000
REMEMBER_EVERY_S = 86_400.0  # the cursor, in days without a change
DAMAGE = (ValueError, OSError)  # what tantivy raises for a folder it cannot read or write
BACK_OFF_S = 5.0  # after a write that failed
MAX_FAILURES, ROOM_BYTES = 3, 500_000_000  # so many in a row while there is room mean that the folder itself is damaged


class Keeper:
    """Owns this process's view of the index; ``snapshot`` is its newest state, None before there is one."""

    def __init__(self, pool: Pool, root: Path, *, memory_mb: int) -> None:
        self.snapshot: Snapshot | None = None
        self._pool, self._memory = pool, memory_mb * 1_000_000
        self._folder = Folder(root)
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._stamp: tuple[int, int] | None = None
        self._cursor, self._database, self._remembered_at = Cursor(), "", time.time()
        self._is_whole = False  # whether the snapshot holds all that the database held at some moment
        self._num_failures, self._failing_until = 0, 0.0
        self._round = threading.Condition()
        self._asked = self._answered = 0
        self._is_reading_many = self._is_anothers = self._is_closing = False
        self._thread = threading.Thread(target=self._keep, name="words", daemon=True)
        self._thread.start()

    def refresh(self) -> bool:
        """Bring what is committed now into the snapshot, or wait for who does; goes on with what there is when that takes long.

        Tells whether the snapshot holds all of it.

        What is committed meanwhile is not waited for: where documents never cease to come, a search still ends. Raises
        DependencyUnavailable if the database does not answer.
        """
        started = time.monotonic()
        with transaction(self._pool) as connection:
            news = changes.news(connection, self._cursor)
        while self.snapshot is None or not self._cursor.covers(news):
            is_long = self.snapshot is not None and (self._is_anothers or self._is_reading_many)
            patience = OTHERS_PATIENCE_S if is_long else OWN_PATIENCE_S
            if self._is_closing or self._is_failing or time.monotonic() - started > patience:
                return False
            self._ask(0.05)
        return self._is_whole

    @property
    def _is_failing(self) -> bool:
        return time.monotonic() < self._failing_until

    def close(self) -> None:
        """Stop; what is not committed is read again by the next writer."""
        with self._round:
            self._is_closing = True
            self._round.notify_all()
        self._thread.join()

    def _ask(self, timeout_s: float) -> None:
        """Have the thread look now, and wait until it has."""
        with self._round:
            self._asked += 1
            wanted = self._asked
            self._round.notify_all()
            self._round.wait_for(lambda: self._answered >= wanted or self._is_closing, timeout_s)
        if self._is_anothers:
            time.sleep(0.01)  # it looks by itself

    def _keep(self) -> None:
        while not self._is_closing:
            with self._round:
                self._round.wait_for(lambda: self._asked > self._answered or self._is_closing, LOOK_EVERY_S)
                answering = self._asked
            if not self._is_failing:
                self._try_to_look()
            with self._round:
                self._answered = answering
                self._round.notify_all()
        self._writer = self._index = None
        self._folder.unlock()

    def _try_to_look(self) -> None:
        try:
            self._look()
        except DependencyUnavailable as error:
            log.warning("words_not_followed", extra={"reason": str(error)})
        except DAMAGE as error:
            log.warning("words_not_written", extra={"folder": str(self._folder.path), "reason": str(error)})
            self._rest()
        except Exception:  # whatever it was, a later look may go well
            log.exception("words_look_crashed")
            self._rest()

    def _rest(self) -> None:
        """Let go of the writer, which may be broken, and leave the folder as it is for a while."""
        self._writer = self._index = self._stamp = None
        self._num_failures += 1
        self._failing_until = time.monotonic() + BACK_OFF_S

    def _look(self) -> None:
        """Read what changed into the index, if this process writes, else see what the one that does has committed."""
        if self._writer is not None or self._begin_to_write():
            self._catch_up()
            return
        try:
            self._see()
        except DAMAGE as error:  # the process that writes will mend it
            log.warning("word_index_unusable", extra={"folder": str(self._folder.path), "reason": str(error)})
            self._index = self._stamp = None

    def _begin_to_write(self) -> bool:
        """Become the writer if no process is; the index is then opened, or begun."""
        self._is_anothers = not self._folder.lock()
        if self._is_anothers:
            return False
        self._folder.remove_others()
        try:
            self._see()
        except DAMAGE as error:
            self._start_again(str(error))
        if self._index is None:
            self._begin(self._folder.replace())
        with transaction(self._pool) as connection:
            database = changes.database_name(connection)
        if self._database not in ("", database):
            self._forget("it is of another database")
        elif time.time() - self._remembered_at > changes.KEEP_DAYS * 86_400:
            self._start_again("it has not been kept for so long that the change log may have been pruned")
        elif self._num_failures >= MAX_FAILURES and shutil.disk_usage(self._folder.path).free > ROOM_BYTES:
            self._start_again("it cannot be written, though there is room")
        elif self._writer is None:
            self._writer = self._open_writer()
        self._database = database
        return True

    def _open_writer(self) -> tantivy.IndexWriter:
        assert self._index is not None
        return self._index.writer(self._memory, 1)

    def _start_again(self, reason: str) -> None:
        """Build the index anew, if this process may write; one that may not goes on with what it has seen."""
        log.warning("word_index_unusable", extra={"folder": str(self._folder.path), "reason": reason})
        self._index = self._writer = self._stamp = None
        if self._folder.is_locked:
            self._begin(self._folder.replace())

    def _forget(self, reason: str) -> None:
        """Build the index anew, and search nothing meanwhile: what it says of numbers is not true of this database."""
        self._is_whole, self.snapshot = False, None
        self._start_again(reason)

    def _begin(self, index: tantivy.Index) -> None:
        log.info("word_index_begun", extra={"folder": str(self._folder.path)})
        self._index, self._cursor, self._remembered_at = index, Cursor(), time.time()
        self._writer = self._open_writer()
        if self.snapshot is None:
            self._publish()

    def _see(self) -> None:
        """Take up the newest commit, if there is one that has not been seen."""
        stamp = self._folder.stamp()
        if stamp is None or (stamp == self._stamp and self._index is not None):
            return
        if self._index is None:
            self._index = self._folder.open()
        if self._index is not None:
            self._publish()
            self._stamp = stamp

    def _publish(self) -> None:
        assert self._index is not None
        self._index.reload()
        searcher = self._index.searcher()
        read = schema.read_cursor(searcher, self._folder.schema)
        if read is not None:
            self.snapshot, self._is_whole = Snapshot(searcher, self._folder.schema), True
            self._cursor, self._database, self._remembered_at = read.cursor, read.database, read.at  # last: who waits looks at it
        elif not self._is_whole:  # a part is better than nothing, and worse than all of a moment ago
            self.snapshot = Snapshot(searcher, self._folder.schema)

    def _catch_up(self) -> None:
        with transaction(self._pool) as connection:
            documents, cursor = changes.since(connection, self._cursor)
        if cursor.floor < self._cursor.floor:
            self._forget("the database was put back to an earlier state")
        elif documents:
            self._is_reading_many = len(documents) > MANY_DOCUMENTS
            try:
                self._replace(documents, cursor)
            finally:
                self._is_reading_many = False
        elif self._stamp is None or time.time() - self._remembered_at > REMEMBER_EVERY_S:
            self._commit(cursor)
        else:
            self._cursor = cursor

    def _replace(self, documents: Sequence[UUID], cursor: Cursor) -> None:
        """Put what documents hold now in place of what they held; nothing stays half done that is not done again."""
        assert self._writer is not None
        started, num_passages, num_waiting = time.monotonic(), 0, 0
        try:
            for first in range(0, len(documents), DOCUMENTS_AT_ONCE):
                added = self._replace_some(documents[first : first + DOCUMENTS_AT_ONCE])
                num_passages, num_waiting = num_passages + added, num_waiting + added
                if self._is_closing:
                    raise _Closing
                if num_waiting >= PASSAGES_PER_COMMIT:
                    self._commit(None)
                    num_waiting = 0
            self._commit(cursor)
        except _Closing:
            self._writer.rollback()
        except DependencyUnavailable:
            self._writer.rollback()
            raise
        log.debug(
            "words_indexed",
            extra={"num_documents": len(documents), "num_passages": num_passages, "seconds": time.monotonic() - started},
        )

    def _replace_some(self, documents: Sequence[UUID]) -> int:
        assert self._writer is not None
        for document_id in documents:
            self._writer.delete_documents_by_term("document", document_id.hex)
        num_passages = 0
        with transaction(self._pool) as connection:
            for text, told in _with_language(texts.of_documents(connection, documents)):
                if self._is_closing:
                    break
                analysed = analyse(told, [text.title, *text.heading_path, text.text])
                self._writer.add_document(schema.passage_entry(text, family(told), analysed))
                num_passages += 1
        return num_passages

    def _commit(self, cursor: Cursor | None) -> None:
        """Make what was added visible, and with the last of it the cursor."""
        assert self._writer is not None
        if cursor is not None:
            self._writer.delete_documents_by_term("kind", schema.CURSOR)
            self._writer.add_document(schema.cursor_entry(cursor, self._database))
        self._writer.commit()
        self._num_failures = 0
        self._stamp = self._folder.stamp()
        self._publish()


class _Closing(Exception):
    """The process ends; what was not committed is left to the next writer."""


def _with_language(passages: Iterator[PassageText]) -> Iterator[tuple[PassageText, str]]:
    """Tell each passage's language: its document's, or what a document of unknown language begins with."""
    document_id, told = None, language.UNKNOWN
    for passage in passages:
        if passage.document_id != document_id:
            document_id = passage.document_id
            is_told = passage.language != language.UNKNOWN
            told = passage.language if is_told else language.detect(passage.text)
        yield passage, told
