-- PostgreSQL is the source of truth: keys, collections, documents, text, chunks, vectors, jobs, audit.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE api_keys (
    key_id      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id    text NOT NULL,
    name        text NOT NULL,
    key_hash    bytea NOT NULL UNIQUE,      -- sha256 of the key; keys are 256 random bits, so no salt is needed
    is_admin    boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz
);

CREATE TABLE collections (
    collection_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id        text NOT NULL,
    name            text NOT NULL CHECK (name <> ''),
    embedding_model text NOT NULL,          -- model id that made every vector in it; others are refused
    dimension       int  NOT NULL CHECK (dimension > 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner_id, name)
);

CREATE TABLE documents (
    document_id   uuid PRIMARY KEY,
    collection_id uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    source        text NOT NULL,
    title         text NOT NULL,
    media_type    text NOT NULL,
    content_hash  text NOT NULL,            -- sha256 of the file's bytes, hex
    num_bytes     bigint NOT NULL,
    text          text NOT NULL,
    num_chunks    int NOT NULL,
    num_pages     int NOT NULL,             -- 0 where the format has none
    indexed_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, source)
);

-- A page's lines as parallel arrays: start, end, and four coordinates each (x0, y0, x1, y1 in points, top left origin).
CREATE TABLE pages (
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    number      int  NOT NULL,
    start_char  int  NOT NULL,
    end_char    int  NOT NULL,
    width       real NOT NULL,
    height      real NOT NULL,
    line_starts int[]  NOT NULL,
    line_ends   int[]  NOT NULL,
    line_boxes  real[] NOT NULL,
    PRIMARY KEY (document_id, number)
);

CREATE TABLE chunks (
    chunk_id      text PRIMARY KEY,
    document_id   uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    collection_id uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    start_char    int  NOT NULL,
    end_char      int  NOT NULL,
    page_first    int,
    page_last     int,
    heading_path  text[] NOT NULL,
    text          text NOT NULL,
    lexemes       tsvector NOT NULL,        -- title, heading path and text, stemmed: what BM25 counts
    num_lexemes   int  NOT NULL,            -- length in words for BM25
    embedding     vector NOT NULL           -- L2-normalised
);
CREATE INDEX chunks_document ON chunks (document_id, start_char);
CREATE INDEX chunks_collection ON chunks (collection_id);
CREATE INDEX chunks_lexemes ON chunks USING gin (lexemes);

-- The ledger of work: what the broker loses is found here and enqueued again.
CREATE TABLE jobs (
    job_id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id         text NOT NULL,
    collection_id    uuid NOT NULL REFERENCES collections ON DELETE CASCADE,
    source           text NOT NULL,
    content_hash     text NOT NULL,
    num_bytes        bigint NOT NULL,
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'running', 'indexed', 'unchanged', 'failed', 'quarantined', 'rejected')),
    document_id      uuid,
    error            text,
    attempts         int  NOT NULL DEFAULT 0,
    enqueued_at      timestamptz,           -- when a message for it was last given to the broker
    lease_expires_at timestamptz,           -- while running: when its worker counts as dead
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_unfinished ON jobs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_owner ON jobs (owner_id, created_at);

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    owner_id text NOT NULL,
    key_id   uuid,
    action   text NOT NULL,
    detail   jsonb NOT NULL
);
