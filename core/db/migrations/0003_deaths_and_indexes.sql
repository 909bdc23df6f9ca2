-- A worker process that dies of a file is told apart from a worker that was stopped while it read one.
ALTER TABLE jobs ADD COLUMN deaths int NOT NULL DEFAULT 0;

-- What is asked once for every file that comes in, and what deleting a collection cascades to.
CREATE INDEX jobs_source ON jobs (collection_id, source, created_at);
CREATE INDEX documents_content_hash ON documents (content_hash);
