-- Who may read what. A principal is 'user:NAME', 'group:NAME' or 'everyone'; docs/access-control.md has the rule.
CREATE TABLE group_members (
    group_name text NOT NULL CHECK (group_name <> ''),
    user_id    text NOT NULL CHECK (user_id <> ''),
    PRIMARY KEY (group_name, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id);

-- Whom a collection is shared with, beside its owner.
ALTER TABLE collections ADD COLUMN allowed text[] NOT NULL DEFAULT '{}';

-- Where documents come from, when something outside says who may read them: a share, a mailbox, an intranet.
CREATE TABLE sources (
    source_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    collection_id uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    name          text NOT NULL CHECK (name <> ''),
    allowed       text[],                   -- null: as the collection
    max_age_s     int CHECK (max_age_s > 0), -- permissions synchronised longer ago than this deny; null: they do not age
    synced_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, name)
);
CREATE INDEX sources_collection ON sources (collection_id);

-- Documents that are read by the same people for the same reason are of one class, so that a permission is one row and
-- a search compares one number. 'allowed' is a document's own list; null inherits the source's, else the collection's.
CREATE TABLE access_classes (
    class_id      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    source_id     uuid REFERENCES sources ON DELETE CASCADE,
    allowed       text[]
);
CREATE INDEX access_classes_source ON access_classes (source_id);

-- A list may be longer than a row of an index; the text of a text[] is the same in every session, whatever PostgreSQL fears.
CREATE FUNCTION list_hash(text[]) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT sha256(convert_to($1::text, 'UTF8')) $$;
CREATE UNIQUE INDEX access_classes_once ON access_classes (collection_id, source_id, list_hash(allowed)) NULLS NOT DISTINCT;

-- Each collection has a class of those documents that have nothing of their own.
INSERT INTO access_classes (collection_id) SELECT collection_id FROM collections;
CREATE FUNCTION add_default_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO access_classes (collection_id) VALUES (NEW.collection_id);
    RETURN NULL;
END $$;
CREATE TRIGGER collections_class AFTER INSERT ON collections FOR EACH ROW EXECUTE FUNCTION add_default_class();

-- Whether a source's permissions, synchronised then, still count.
CREATE FUNCTION is_fresh(synced_at timestamptz, max_age_s int) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT max_age_s IS NULL OR synced_at > now() - make_interval(secs => max_age_s) $$;

-- The rule, in one place: a class is read by those in 'principals' while it 'is_fresh', and by nobody else.
CREATE VIEW class_access AS
    SELECT a.class_id, a.collection_id, c.owner_id, c.name AS collection, a.source_id, s.name AS source, s.max_age_s,
           coalesce(a.allowed, s.allowed, c.allowed) AS allowed,
           CASE WHEN a.allowed IS NOT NULL THEN 'document' WHEN s.allowed IS NOT NULL THEN 'source' ELSE 'collection' END AS list_of,
           coalesce(a.allowed, s.allowed, c.allowed) || ('user:' || c.owner_id) AS principals,
           is_fresh(s.synced_at, s.max_age_s) AS is_fresh,
           a.source_id IS NULL AND a.allowed IS NULL AS is_default
      FROM access_classes a
      JOIN collections c ON c.collection_id = a.collection_id
      LEFT JOIN sources s ON s.source_id = a.source_id;

ALTER TABLE documents
    ADD COLUMN class_id int REFERENCES access_classes,   -- a class that still has documents cannot go
    ADD COLUMN language text NOT NULL DEFAULT 'und',     -- ISO 639-1, 'und' where it cannot be told
    ADD COLUMN kind     text NOT NULL DEFAULT '',        -- of a contract its type, as it names itself
    ADD COLUMN names    text[] NOT NULL DEFAULT '{}',    -- of a contract its parties
    ADD COLUMN dated    date,                            -- the date it bears, where one is told
    ADD COLUMN tags     text[] NOT NULL DEFAULT '{}',
    ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
UPDATE documents d SET class_id = a.class_id FROM access_classes a WHERE a.collection_id = d.collection_id;
ALTER TABLE documents ALTER COLUMN class_id SET NOT NULL;
CREATE INDEX documents_class ON documents (class_id);

-- 'num' is what derived indexes call a passage by; a passage written anew gets a new one.
ALTER TABLE chunks
    ADD COLUMN num      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN class_id int;
UPDATE chunks SET class_id = documents.class_id FROM documents WHERE documents.document_id = chunks.document_id;
ALTER TABLE chunks ALTER COLUMN class_id SET NOT NULL;
DROP INDEX chunks_collection;
CREATE INDEX chunks_collection ON chunks (collection_id);
CREATE INDEX chunks_class ON chunks (class_id) INCLUDE (num_lexemes);

-- A document that changes class takes its passages along.
CREATE FUNCTION move_chunks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE chunks SET class_id = NEW.class_id WHERE document_id = NEW.document_id;
    RETURN NULL;
END $$;
CREATE TRIGGER documents_move AFTER UPDATE OF class_id ON documents
    FOR EACH ROW WHEN (OLD.class_id IS DISTINCT FROM NEW.class_id) EXECUTE FUNCTION move_chunks();

-- Who may read a document is said with its upload, so that it is born with it; both null where nothing was said.
ALTER TABLE jobs
    ADD COLUMN allowed       text[],
    ADD COLUMN access_source text;

-- The words that name a document (parties, title, file name): a question that holds them is about it.
CREATE TABLE document_names (
    token       text NOT NULL,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    PRIMARY KEY (token, document_id)
);
CREATE INDEX document_names_document ON document_names (document_id);

-- What derived indexes are brought up to date from: each document that came, went or changed class, at commit.
-- Sequence numbers become visible out of order; transactions below the oldest that is still open do not (stores/changes.py).
CREATE TABLE changes (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at          timestamptz NOT NULL DEFAULT now(),
    document_id uuid NOT NULL
);
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (document_id) VALUES (coalesce(NEW.document_id, OLD.document_id));
    RETURN NULL;
END $$;
CREATE TRIGGER documents_change AFTER INSERT OR DELETE OR UPDATE OF class_id ON documents
    FOR EACH ROW EXECUTE FUNCTION log_change();
CREATE INDEX changes_txid ON changes (txid);
CREATE INDEX changes_document ON changes (document_id, seq);
INSERT INTO changes (document_id) SELECT document_id FROM documents;

-- Reads of documents run under a role that row-level security binds, with the classes he may read in a setting of the
-- transaction. The rule is applied by the query itself too; this is the second lock on the same door.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'muniment_reader') THEN
        CREATE ROLE muniment_reader NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'muniment_reader' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'the role muniment_reader may bypass row-level security: ALTER ROLE muniment_reader NOSUPERUSER NOBYPASSRLS';
    END IF;
    IF NOT pg_has_role(current_user, 'muniment_reader', 'SET') THEN
        EXECUTE format('GRANT muniment_reader TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO muniment_reader', current_schema());
END $$;

-- Reading begins with this, once: what it finds stands in the setting 'muniment.classes' until the transaction ends.
CREATE FUNCTION readable_classes(asker text[]) RETURNS int[] LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT coalesce(array_agg(class_id), '{}') FROM class_access WHERE is_fresh AND principals && asker
$$;
-- A collection is seen by its owner, by those it is shared with, and by those who may read a document in it.
CREATE FUNCTION readable_collections(classes int[]) RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT coalesce(array_agg(DISTINCT collection_id), '{}') FROM class_access a
     WHERE class_id = ANY(classes) AND (is_default OR (SELECT true FROM documents d WHERE d.class_id = a.class_id LIMIT 1))
$$;
DO $$
BEGIN -- what a function with its owner's rights finds must not depend on its caller's search path
    EXECUTE format('ALTER FUNCTION readable_classes(text[]) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION readable_collections(int[]) SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE FUNCTION asker_classes() RETURNS int[] LANGUAGE sql STABLE AS
    $$ SELECT coalesce(nullif(current_setting('muniment.classes', true), ''), '{}')::int[] $$;

GRANT SELECT ON collections, documents, pages, chunks, document_names TO muniment_reader;
ALTER TABLE collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_names ENABLE ROW LEVEL SECURITY;
-- The function in a subquery of its own is called once a query, not once a row.
CREATE POLICY readable ON collections FOR SELECT TO muniment_reader
    USING (collection_id = ANY ((SELECT readable_collections(asker_classes()))::uuid[]));
CREATE POLICY readable ON documents FOR SELECT TO muniment_reader
    USING (class_id = ANY ((SELECT asker_classes())::int[]));
CREATE POLICY readable ON chunks FOR SELECT TO muniment_reader
    USING (class_id = ANY ((SELECT asker_classes())::int[]));
CREATE POLICY readable ON pages FOR SELECT TO muniment_reader
    USING (EXISTS (SELECT FROM documents d WHERE d.document_id = pages.document_id));
CREATE POLICY readable ON document_names FOR SELECT TO muniment_reader
    USING (EXISTS (SELECT FROM documents d WHERE d.document_id = document_names.document_id));
