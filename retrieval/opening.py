"""The opening of one document: its first passages in their order, within a scope; all of them if it is short."""

from dataclasses import dataclass
from uuid import UUID

from core.access import AccessScope, reading
from core.db.pool import Pool, transaction
from core.types import Hit
from retrieval.stores import passages


@dataclass(frozen=True, slots=True)
class Opening:
    """Reads the first passages of one document; of one outside of the scope there are none."""

    pool: Pool
    scope: AccessScope
    document_id: UUID

    def __call__(self, k: int, /) -> list[Hit]:
        """Read at most ``k`` passages, ranks as they stand in the document."""
        with transaction(self.pool) as connection, reading(connection, self.scope):
            return passages.load(connection, passages.opening(connection, self.document_id, k, self.scope), self.scope)
