-- Rules about the schemas of messages: whether they are checked, and schemas of administrators.

-- +goose Up
CREATE TABLE schema_rule (
    type       TEXT NOT NULL,    -- message type; * = every type
    tenant     BLOB NOT NULL,    -- UUID; empty = every tenant
    mode       TEXT,             -- off, warn, enforce; NULL: as the wider rule says
    schema     BLOB,             -- JSON Schema; NULL: the built-in one, if there is one
    hash       BLOB,             -- SHA-256 of schema
    changed_at INTEGER NOT NULL, -- microseconds
    changed_by TEXT NOT NULL,
    PRIMARY KEY (type, tenant)
) STRICT;
