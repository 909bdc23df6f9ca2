-- What readers said of answers they were given, each time by pressing a button, and never otherwise (core/feedback.py).
-- Of the passages an answer cited only the places are kept: their words stay where the rule of access is applied.
CREATE TABLE feedback (
    feedback_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id      text NOT NULL CHECK (owner_id <> ''),
    verdict       text NOT NULL CHECK (verdict IN ('up', 'down')),
    question      text NOT NULL CHECK (question <> ''),
    collection    text,                            -- OWNER/NAME; null: all that he might read
    answer        jsonb NOT NULL,
    should_refuse boolean NOT NULL DEFAULT false,  -- the documents do not answer it
    expected      text NOT NULL DEFAULT '',        -- what it should have said
    quote         text NOT NULL DEFAULT '',        -- the words of a document that say so
    document      text NOT NULL DEFAULT '',        -- which document that is, as he calls it
    comment       text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feedback_owner ON feedback (owner_id, created_at);
-- No policy and no grant: the role that reads documents (muniment_reader) never sees it, also if it were granted the table.
ALTER TABLE feedback ENABLE ROW LEVEL SECURITY;
