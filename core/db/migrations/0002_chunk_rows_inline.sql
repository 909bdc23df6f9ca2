-- A chunk's row is about 3 kB: with the default target of 2 kB its vector would be kept out of line, and exact search
-- over 10,000 chunks would take 32 ms in place of 8. Rows up to nearly a page stay whole.
ALTER TABLE chunks SET (toast_tuple_target = 8160);

-- BM25 asks for the number of chunks in a scope and their mean length: this index answers without reading the rows.
DROP INDEX chunks_collection;
CREATE INDEX chunks_collection ON chunks (collection_id) INCLUDE (num_lexemes);
