-- Words are searched in an index of their own under MUNIMENT_HOME/index/words, derived from these tables
-- (docs/decisions/0011-words-in-tantivy.md).
DROP INDEX chunks_lexemes;
DROP INDEX chunks_class;
ALTER TABLE chunks DROP COLUMN lexemes, DROP COLUMN num_lexemes;
CREATE INDEX chunks_class ON chunks (class_id);
