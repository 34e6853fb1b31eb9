-- By which values of their bodies messages of a type are found.

-- +goose Up
CREATE TABLE search_rule (
    type       TEXT NOT NULL,
    tenant     BLOB NOT NULL,    -- UUID; empty = every tenant
    paths      TEXT NOT NULL,    -- JSON array of search paths; null: the rule was removed
    changed_at INTEGER NOT NULL, -- microseconds
    changed_by TEXT NOT NULL,
    PRIMARY KEY (type, tenant)
) STRICT;
