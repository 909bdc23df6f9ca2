-- How sensitive a collection is, as its owner says; a question counts as the most sensitive that it can reach (core/sensitivity.py).
ALTER TABLE collections
    ADD COLUMN sensitivity text NOT NULL DEFAULT 'internal' CHECK (sensitivity IN ('public', 'internal', 'confidential'));

-- All that was ever sent to an engine outside: a row is there before its bytes leave (core/egress.py).
CREATE TABLE egress (
    egress_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    owner_id       text NOT NULL,
    key_id         uuid NOT NULL,
    rule           text NOT NULL,
    engine         text NOT NULL,
    url            text NOT NULL,
    collection     text,                    -- as it was asked for; null: all that the asker may read
    collection_ids uuid[] NOT NULL,         -- in reach of the question, all of them public at this moment
    document_ids   uuid[] NOT NULL,         -- whose passages are in the body
    body           bytea NOT NULL,          -- to the byte, with placeholders in the place of personal data
    status         int,                     -- of the response; this and the next null while none has come, or where it was lost
    response_bytes bigint,
    ended_at       timestamptz
);
CREATE INDEX egress_at ON egress (at);

-- What was sent stays written: nothing of a row changes but what came back, once, and none goes.
CREATE FUNCTION egress_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
           AND to_jsonb(NEW) - '{status,response_bytes,ended_at}'::text[] = to_jsonb(OLD) - '{status,response_bytes,ended_at}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the egress log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER egress_stays BEFORE UPDATE OR DELETE ON egress FOR EACH ROW EXECUTE FUNCTION egress_stays();
CREATE TRIGGER egress_is_kept BEFORE TRUNCATE ON egress FOR EACH STATEMENT EXECUTE FUNCTION egress_stays();

-- No policy and no grant: whoever reads documents (muniment_reader) reads nothing of it, whatever is granted to him by mistake.
ALTER TABLE egress ENABLE ROW LEVEL SECURITY;
