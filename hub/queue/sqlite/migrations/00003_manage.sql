-- What people do with a queue: hold, pause, redrive, discard.

-- +goose Up
ALTER TABLE queue ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;          -- a dead letter stops its ordering key
ALTER TABLE queue ADD COLUMN paused_at INTEGER NOT NULL DEFAULT 0;     -- 0: not paused
ALTER TABLE queue ADD COLUMN paused_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE queue ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';

-- A dead letter that stops its key; it counts as outstanding in ordering.
ALTER TABLE delivery ADD COLUMN holds INTEGER NOT NULL DEFAULT 0;

CREATE INDEX delivery_holds ON delivery (qid, pos) WHERE holds = 1;

-- What was done to a delivery by a person; name is an event of the trace.
CREATE TABLE event (
    mid    INTEGER NOT NULL,
    qid    INTEGER NOT NULL,
    n      INTEGER NOT NULL,                   -- counts up
    at     INTEGER NOT NULL,
    name   TEXT NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (mid, qid, n)
) STRICT, WITHOUT ROWID;

INSERT INTO event SELECT mid, qid, 1, settled_at, 'dead-lettered', '', dead_reason FROM delivery WHERE dead_reason = 'lease-lost-limit';

-- Why a message died, with the cause, stands where its last lease ended: a redrive clears the delivery.
UPDATE attempt SET reason = d.dead_reason || iif(attempt.reason = '', '', ': ' || attempt.reason) FROM delivery AS d
WHERE attempt.ended = 'dead-lettered' AND d.mid = attempt.mid AND d.qid = attempt.qid AND d.dead_reason IS NOT NULL;

-- The last place given to a redriven message; places and message numbers are one sequence.
INSERT INTO meta VALUES ('place', 0);

-- +goose Down
DELETE FROM meta WHERE name = 'place';
DROP TABLE event;
DROP INDEX delivery_holds;
ALTER TABLE delivery DROP COLUMN holds;
ALTER TABLE queue DROP COLUMN paused_by;
ALTER TABLE queue DROP COLUMN paused_reason;
ALTER TABLE queue DROP COLUMN paused_at;
ALTER TABLE queue DROP COLUMN hold;
