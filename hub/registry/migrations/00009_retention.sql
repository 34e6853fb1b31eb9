-- How long messages of a tenant are kept, in days; 0: as the hub does, or without end. A tenant without a
-- row has nothing of its own.

-- +goose Up
CREATE TABLE retention (
    tenant       BLOB PRIMARY KEY REFERENCES tenant,
    history_days INTEGER NOT NULL,
    waiting_days INTEGER NOT NULL,
    dead_days    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
