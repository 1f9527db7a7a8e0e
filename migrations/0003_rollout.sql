-- What a version answered to made-up rows when it was registered, as JSON (docs/formats.md): compared before it goes live.
-- Versions of before have none.
CREATE TABLE version_golden (
    model   TEXT NOT NULL,
    number  INTEGER NOT NULL,
    outputs TEXT NOT NULL,
    PRIMARY KEY (model, number),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER version_golden_is_sealed BEFORE UPDATE ON version_golden
BEGIN SELECT RAISE(ABORT, 'golden outputs are immutable'); END;

-- The candidates beside what is live in a slot. Each belongs to an open request: it ends with the request, and with every
-- move of the slot. What was is in the audit log.
CREATE TABLE traffic (
    model       TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('canary', 'shadow')),
    number      INTEGER NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64),
    share       INTEGER NOT NULL CHECK (share BETWEEN 0 AND 10000),  -- hundredths of a percent
    header      TEXT NOT NULL,                                       -- whose value decides for a caller; '' for none
    started     INTEGER NOT NULL,                                    -- the live-set revision at which it became the candidate
    revision    INTEGER NOT NULL,                                    -- and at which the rule was changed last
    since       INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    request_id  INTEGER NOT NULL REFERENCES requests (id),
    PRIMARY KEY (model, environment, kind),
    FOREIGN KEY (model, number) REFERENCES versions (model, number)
) STRICT;
