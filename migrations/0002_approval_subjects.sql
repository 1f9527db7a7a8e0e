-- What a decision was about: the version, its reports, the environment and the policy, in one digest (docs/formats.md).
-- Decisions of before have none. They do not count any more, so no open request is satisfied by them.

ALTER TABLE decisions ADD COLUMN subject_digest TEXT CHECK (length(subject_digest) = 64);
ALTER TABLE decisions ADD COLUMN policy_version INTEGER;

UPDATE requests SET satisfied = 0 WHERE state = 'open';
