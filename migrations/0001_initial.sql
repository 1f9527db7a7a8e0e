-- The first schema. Times are microseconds since 1970 in UTC, digests 64 lower-case hex digits, flags 0 or 1.

CREATE TABLE users (
    name       TEXT PRIMARY KEY,
    roles      TEXT NOT NULL,                 -- comma-separated, sorted
    disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,            -- the first characters of the secret
    secret_hash  TEXT NOT NULL UNIQUE CHECK (length(secret_hash) = 64),
    user_name    TEXT NOT NULL REFERENCES users (name),
    name         TEXT NOT NULL,
    roles        TEXT NOT NULL,
    models       TEXT NOT NULL,               -- JSON array of patterns; [] is all
    environments TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE models (
    name         TEXT PRIMARY KEY,
    description  TEXT NOT NULL,
    owner        TEXT NOT NULL REFERENCES users (name),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    revision     INTEGER NOT NULL DEFAULT 1,
    last_version INTEGER NOT NULL DEFAULT 0   -- numbers are given in the transaction that inserts the version: no gaps
) STRICT;

CREATE TABLE model_tags (
    model TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
) STRICT;

CREATE TABLE versions (
    model       TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number > 0),
    digest      TEXT NOT NULL CHECK (length(digest) = 64),
    stage       TEXT NOT NULL CHECK (stage IN ('staged', 'approved', 'live', 'retired', 'rejected')),
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL REFERENCES users (name),
    description TEXT NOT NULL,
    revision    INTEGER NOT NULL DEFAULT 1,
    signature   TEXT NOT NULL,                -- JSON {"inputs":[…],"outputs":[…]}
    engine      TEXT NOT NULL,
    model_path  TEXT NOT NULL,
    size        INTEGER NOT NULL,
    PRIMARY KEY (model, number),
    UNIQUE (model, digest)
) STRICT;
CREATE INDEX versions_by_time ON versions (created_at, model, number);
CREATE INDEX versions_by_digest ON versions (digest);

-- What was registered stays as it is: only stage, description and revision may change.
CREATE TRIGGER versions_are_sealed BEFORE UPDATE ON versions
WHEN old.model <> new.model OR old.number <> new.number OR old.digest <> new.digest OR old.created_at <> new.created_at
     OR old.created_by <> new.created_by OR old.signature <> new.signature OR old.engine <> new.engine
     OR old.model_path <> new.model_path OR old.size <> new.size
BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;

CREATE TABLE version_files (
    model  TEXT NOT NULL,
    number INTEGER NOT NULL,
    path   TEXT NOT NULL,
    size   INTEGER NOT NULL CHECK (size >= 0),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    PRIMARY KEY (model, number, path),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX version_files_by_digest ON version_files (digest);
CREATE TRIGGER version_files_are_sealed BEFORE UPDATE ON version_files
BEGIN SELECT RAISE(ABORT, 'version files are immutable'); END;

CREATE TABLE version_tags (
    model  TEXT NOT NULL,
    number INTEGER NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (model, number, key),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;

CREATE TABLE version_metadata (
    model  TEXT NOT NULL,
    number INTEGER NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (model, number, key),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER version_metadata_is_sealed BEFORE UPDATE ON version_metadata
BEGIN SELECT RAISE(ABORT, 'version metadata is immutable'); END;

CREATE TABLE version_findings (
    model    TEXT NOT NULL,
    number   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'blocking')),
    code     TEXT NOT NULL,
    message  TEXT NOT NULL,
    PRIMARY KEY (model, number, position),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER version_findings_are_sealed BEFORE UPDATE ON version_findings
BEGIN SELECT RAISE(ABORT, 'version findings are immutable'); END;

CREATE TABLE aliases (
    model  TEXT NOT NULL,
    alias  TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;

CREATE TABLE reports (
    id              INTEGER PRIMARY KEY,
    model           TEXT NOT NULL,
    number          INTEGER NOT NULL,
    digest          TEXT NOT NULL CHECK (length(digest) = 64),
    dataset_name    TEXT NOT NULL,
    dataset_digest  TEXT CHECK (length(dataset_digest) = 64),
    dataset_rows    INTEGER CHECK (dataset_rows >= 0),
    dataset_context TEXT NOT NULL,
    task            TEXT NOT NULL,
    details         TEXT NOT NULL,
    trust           TEXT NOT NULL CHECK (trust IN ('claimed', 'verified')),
    created_at      INTEGER NOT NULL,
    created_by      TEXT NOT NULL REFERENCES users (name),
    note            TEXT NOT NULL,
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX reports_by_version ON reports (model, number, id);
CREATE TRIGGER reports_are_sealed BEFORE UPDATE ON reports
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;

CREATE TABLE report_metrics (
    report_id INTEGER NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    value     REAL NOT NULL,
    PRIMARY KEY (report_id, name)
) STRICT;
CREATE INDEX report_metrics_by_name ON report_metrics (name, value);
CREATE TRIGGER report_metrics_are_sealed BEFORE UPDATE ON report_metrics
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;

-- No foreign key: the history of a deleted model stays.
CREATE TABLE version_history (
    id          INTEGER PRIMARY KEY,
    model       TEXT NOT NULL,
    number      INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    time        INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    change      TEXT NOT NULL,
    stage       TEXT NOT NULL CHECK (stage IN ('staged', 'approved', 'live', 'retired', 'rejected')),
    environment TEXT,
    reason      TEXT NOT NULL,
    request_id  INTEGER
) STRICT;
CREATE INDEX version_history_by_version ON version_history (model, number, id);
CREATE TRIGGER version_history_no_update BEFORE UPDATE ON version_history
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER version_history_no_delete BEFORE DELETE ON version_history
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TABLE requests (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: the audit log names requests by it
    model            TEXT NOT NULL,
    number           INTEGER NOT NULL,
    digest           TEXT NOT NULL CHECK (length(digest) = 64),
    environment      TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('open', 'executed', 'rejected', 'withdrawn', 'expired')),
    requester        TEXT NOT NULL REFERENCES users (name),
    notes            TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    baseline_number  INTEGER,
    baseline_digest  TEXT,
    closing_reason   TEXT NOT NULL DEFAULT '',
    satisfied        INTEGER NOT NULL DEFAULT 0 CHECK (satisfied IN (0, 1)),  -- by the policy, when last assessed: for filters
    verdict          TEXT CHECK ((verdict IS NULL) = (state = 'open')),  -- JSON: what the policy said when it was closed
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX requests_one_open ON requests (model, number, environment) WHERE state = 'open';
CREATE INDEX requests_by_state ON requests (state, id);
CREATE INDEX requests_by_version ON requests (model, number, id);

CREATE TABLE decisions (
    id         INTEGER PRIMARY KEY,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    user_name  TEXT NOT NULL REFERENCES users (name),
    decision   TEXT NOT NULL CHECK (decision IN ('approve', 'reject')),
    digest     TEXT NOT NULL CHECK (length(digest) = 64),
    comment    TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_by_request ON decisions (request_id, id);
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

CREATE TABLE comments (
    id         INTEGER PRIMARY KEY,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    user_name  TEXT NOT NULL REFERENCES users (name),
    text       TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX comments_by_request ON comments (request_id, id);

-- The live set and its history: the row without an end is what is live. No foreign key on purpose: a model that was ever
-- live cannot be deleted.
CREATE TABLE slots (
    revision    INTEGER PRIMARY KEY,          -- the live-set revision at which it became live
    model       TEXT NOT NULL,
    environment TEXT NOT NULL,
    number      INTEGER NOT NULL,
    digest      TEXT NOT NULL CHECK (length(digest) = 64),
    since       INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    request_id  INTEGER REFERENCES requests (id),
    rollback_of INTEGER,
    reason      TEXT NOT NULL,
    until       INTEGER,
    FOREIGN KEY (model, number) REFERENCES versions (model, number)
) STRICT;
CREATE UNIQUE INDEX slots_one_live ON slots (model, environment) WHERE until IS NULL;
CREATE INDEX slots_by_model ON slots (model, environment, revision);
CREATE TRIGGER slots_end_once BEFORE UPDATE ON slots
WHEN old.until IS NOT NULL OR new.until IS NULL OR old.revision <> new.revision OR old.model <> new.model
     OR old.environment <> new.environment OR old.number <> new.number OR old.digest <> new.digest OR old.since <> new.since
BEGIN SELECT RAISE(ABORT, 'slot history is append-only'); END;
CREATE TRIGGER slots_no_delete BEFORE DELETE ON slots
BEGIN SELECT RAISE(ABORT, 'slot history is append-only'); END;

-- One counter row, moved in the promoting transaction: strictly ordered and without gaps.
CREATE TABLE live_set (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO live_set (id, revision) VALUES (1, 0);

CREATE TABLE audit_log (
    sequence   INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    digest     TEXT,
    details    TEXT NOT NULL,                 -- JSON object of strings
    request_id TEXT NOT NULL,
    hash       TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX audit_log_by_object ON audit_log (object, sequence);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE idempotency (
    user_name   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
    status      INTEGER NOT NULL,
    body        TEXT NOT NULL,
    headers     TEXT NOT NULL,                -- JSON list: name, value, name, value …
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user_name, key)
) STRICT;
CREATE INDEX idempotency_by_time ON idempotency (created_at);
