-- The tags and the metadata of a document may be said with its upload; null where nothing was said (core/labels.py).
ALTER TABLE jobs
    ADD COLUMN tags     text[],
    ADD COLUMN metadata jsonb;
