-- How long messages of a tenant are kept, in days; 0: as the hub does, or without end. A tenant without a
-- row has nothing of its own.

-- +goose Up
CREATE TABLE retention (
    tenant       bytea PRIMARY KEY REFERENCES tenant,
    history_days bigint NOT NULL,
    waiting_days bigint NOT NULL,
    dead_days    bigint NOT NULL
);
