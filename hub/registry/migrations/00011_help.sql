-- Remote help: until when an installation takes requests of the hub's people, and what they asked for. Moments
-- are UTC microseconds, 0 = never.

-- +goose Up
ALTER TABLE installation ADD COLUMN help_until INTEGER NOT NULL DEFAULT 0;

CREATE TABLE help (
    id       TEXT PRIMARY KEY,
    client   TEXT NOT NULL REFERENCES client,
    message  TEXT NOT NULL,
    action   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    result   TEXT NOT NULL,  -- '' = not answered yet
    code     TEXT NOT NULL,
    detail   TEXT NOT NULL,
    done_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX help_open ON help (client, asked_at) WHERE result = '';
CREATE INDEX help_message ON help (message);
