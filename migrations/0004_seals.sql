-- The schema itself keeps what was registered, asked, decided and live as it was. A version and a report are sealed once
-- all their rows are there; after that nothing is added to them or taken from them, unless they go as a whole with a
-- model that was never live. A guard on INSERT also stops REPLACE, which deletes without asking the guards on DELETE.

ALTER TABLE versions ADD COLUMN sealed INTEGER NOT NULL DEFAULT 1 CHECK (sealed IN (0, 1));
ALTER TABLE reports ADD COLUMN sealed INTEGER NOT NULL DEFAULT 1 CHECK (sealed IN (0, 1));

-- Versions. The guard on their other columns is versions_are_sealed.

CREATE TRIGGER versions_are_sealed_once BEFORE UPDATE ON versions WHEN old.sealed = 1 AND new.sealed = 0
BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;
CREATE TRIGGER versions_no_replace BEFORE INSERT ON versions
WHEN EXISTS (SELECT 1 FROM versions WHERE model = new.model AND (number = new.number OR digest = new.digest))
BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;
CREATE TRIGGER versions_no_delete BEFORE DELETE ON versions WHEN EXISTS (SELECT 1 FROM models WHERE name = old.model)
BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;
CREATE TRIGGER models_count_up BEFORE UPDATE ON models WHEN new.last_version < old.last_version
BEGIN SELECT RAISE(ABORT, 'version numbers are given once'); END;

CREATE TRIGGER version_files_no_insert BEFORE INSERT ON version_files
WHEN EXISTS (SELECT 1 FROM versions WHERE model = new.model AND number = new.number AND sealed = 1)
BEGIN SELECT RAISE(ABORT, 'version files are immutable'); END;
CREATE TRIGGER version_files_no_delete BEFORE DELETE ON version_files
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'version files are immutable'); END;

CREATE TRIGGER version_metadata_no_insert BEFORE INSERT ON version_metadata
WHEN EXISTS (SELECT 1 FROM versions WHERE model = new.model AND number = new.number AND sealed = 1)
BEGIN SELECT RAISE(ABORT, 'version metadata is immutable'); END;
CREATE TRIGGER version_metadata_no_delete BEFORE DELETE ON version_metadata
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'version metadata is immutable'); END;

CREATE TRIGGER version_findings_no_insert BEFORE INSERT ON version_findings
WHEN EXISTS (SELECT 1 FROM versions WHERE model = new.model AND number = new.number AND sealed = 1)
BEGIN SELECT RAISE(ABORT, 'version findings are immutable'); END;
CREATE TRIGGER version_findings_no_delete BEFORE DELETE ON version_findings
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'version findings are immutable'); END;

CREATE TRIGGER version_golden_no_insert BEFORE INSERT ON version_golden
WHEN EXISTS (SELECT 1 FROM versions WHERE model = new.model AND number = new.number AND sealed = 1)
BEGIN SELECT RAISE(ABORT, 'golden outputs are immutable'); END;
CREATE TRIGGER version_golden_no_delete BEFORE DELETE ON version_golden
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'golden outputs are immutable'); END;

-- History is only added to.

CREATE TRIGGER version_history_no_replace BEFORE INSERT ON version_history
WHEN EXISTS (SELECT 1 FROM version_history WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

-- Reports: sealing one is the only update.

DROP TRIGGER reports_are_sealed;
CREATE TRIGGER reports_are_sealed BEFORE UPDATE ON reports
WHEN old.sealed = 1 OR old.id <> new.id OR old.model <> new.model OR old.number <> new.number OR old.digest <> new.digest
     OR old.dataset_name <> new.dataset_name OR old.dataset_digest IS NOT new.dataset_digest
     OR old.dataset_rows IS NOT new.dataset_rows OR old.dataset_context <> new.dataset_context OR old.task <> new.task
     OR old.details <> new.details OR old.trust <> new.trust OR old.created_at <> new.created_at
     OR old.created_by <> new.created_by OR old.note <> new.note
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;
CREATE TRIGGER reports_no_replace BEFORE INSERT ON reports WHEN EXISTS (SELECT 1 FROM reports WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;
CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;
CREATE TRIGGER report_metrics_no_insert BEFORE INSERT ON report_metrics
WHEN EXISTS (SELECT 1 FROM reports WHERE id = new.report_id AND sealed = 1)
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;
CREATE TRIGGER report_metrics_no_delete BEFORE DELETE ON report_metrics
WHEN EXISTS (SELECT 1 FROM reports WHERE id = old.report_id)
BEGIN SELECT RAISE(ABORT, 'reports are immutable'); END;

-- Requests: open ones are weighed and closed, closed ones stay.

CREATE TRIGGER requests_are_sealed BEFORE UPDATE ON requests
WHEN old.state <> 'open' OR old.id <> new.id OR old.model <> new.model OR old.number <> new.number
     OR old.digest <> new.digest OR old.environment <> new.environment OR old.requester <> new.requester
     OR old.notes <> new.notes OR old.created_at <> new.created_at OR old.expires_at <> new.expires_at
     OR old.baseline_number IS NOT new.baseline_number OR old.baseline_digest IS NOT new.baseline_digest
BEGIN SELECT RAISE(ABORT, 'requests are immutable'); END;
CREATE TRIGGER requests_no_replace BEFORE INSERT ON requests
WHEN new.state <> 'open' OR EXISTS (SELECT 1 FROM requests WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'requests are immutable'); END;
CREATE TRIGGER requests_no_delete BEFORE DELETE ON requests
WHEN EXISTS (SELECT 1 FROM versions WHERE model = old.model AND number = old.number)
BEGIN SELECT RAISE(ABORT, 'requests are immutable'); END;

CREATE TRIGGER decisions_no_insert BEFORE INSERT ON decisions
WHEN EXISTS (SELECT 1 FROM decisions WHERE id = new.id)
     OR EXISTS (SELECT 1 FROM requests WHERE id = new.request_id AND state <> 'open')
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
WHEN EXISTS (SELECT 1 FROM requests WHERE id = old.request_id)
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

CREATE TRIGGER comments_no_update BEFORE UPDATE ON comments
BEGIN SELECT RAISE(ABORT, 'comments are append-only'); END;
CREATE TRIGGER comments_no_replace BEFORE INSERT ON comments WHEN EXISTS (SELECT 1 FROM comments WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'comments are append-only'); END;
CREATE TRIGGER comments_no_delete BEFORE DELETE ON comments
WHEN EXISTS (SELECT 1 FROM requests WHERE id = old.request_id)
BEGIN SELECT RAISE(ABORT, 'comments are append-only'); END;

-- Slots begin open, in order of their revisions, and end once; nothing else of them changes.

DROP TRIGGER slots_end_once;
CREATE TRIGGER slots_end_once BEFORE UPDATE ON slots
WHEN old.until IS NOT NULL OR new.until IS NULL OR old.revision <> new.revision OR old.model <> new.model
     OR old.environment <> new.environment OR old.number <> new.number OR old.digest <> new.digest OR old.since <> new.since
     OR old.actor <> new.actor OR old.request_id IS NOT new.request_id OR old.rollback_of IS NOT new.rollback_of
     OR old.reason <> new.reason
BEGIN SELECT RAISE(ABORT, 'slot history is append-only'); END;
CREATE TRIGGER slots_in_order BEFORE INSERT ON slots
WHEN new.until IS NOT NULL OR new.revision <= (SELECT max(revision) FROM slots)
BEGIN SELECT RAISE(ABORT, 'slot history is append-only'); END;
CREATE TRIGGER live_set_counts_up BEFORE UPDATE ON live_set WHEN new.revision <= old.revision
BEGIN SELECT RAISE(ABORT, 'revisions never go back'); END;
CREATE TRIGGER live_set_no_delete BEFORE DELETE ON live_set
BEGIN SELECT RAISE(ABORT, 'revisions never go back'); END;

CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log
WHEN new.sequence <> 1 + coalesce((SELECT max(sequence) FROM audit_log), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
