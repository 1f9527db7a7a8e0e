-- With which credential a change was made, and in which form an entry was hashed (docs/formats.md). Entries of before are in
-- the first form, which has no credential. Large answers get an index, because they are forgotten earlier than others.

ALTER TABLE audit_log ADD COLUMN format INTEGER NOT NULL DEFAULT 1 CHECK (format IN (1, 2));
ALTER TABLE audit_log ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN credential TEXT NOT NULL DEFAULT '';

CREATE INDEX idempotency_large ON idempotency (created_at) WHERE length(body) > 65536;
