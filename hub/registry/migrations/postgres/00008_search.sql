-- By which values of their bodies messages of a type are found.

-- +goose Up
CREATE TABLE search_rule (
    type       text COLLATE "C" NOT NULL,
    tenant     bytea NOT NULL,   -- UUID; empty = every tenant
    paths      text NOT NULL,    -- JSON array of search paths; null: the rule was removed
    changed_at bigint NOT NULL,  -- microseconds
    changed_by text NOT NULL,
    PRIMARY KEY (type, tenant)
);
