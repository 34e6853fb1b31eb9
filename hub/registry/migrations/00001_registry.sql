-- Who may do what. Moments are UTC microseconds since 1970, UUIDs are 16 bytes, hashes are SHA-256.
-- Secrets, API keys and the first-start code stand here only as hashes.

-- +goose Up
CREATE TABLE company (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
    id         BLOB PRIMARY KEY,
    company    BLOB NOT NULL REFERENCES company,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
    code     TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    sends    TEXT NOT NULL,                    -- JSON array of types
    receives TEXT NOT NULL                     -- JSON array of types
) STRICT, WITHOUT ROWID;

CREATE TABLE client (
    id         TEXT PRIMARY KEY,               -- 32 hex digits
    tenant     BLOB NOT NULL REFERENCES tenant,
    name       TEXT NOT NULL,
    epoch      INTEGER NOT NULL,               -- raised by revoking
    revoked_at INTEGER,                        -- NULL: never
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX client_list ON client (tenant, name, id);

CREATE TABLE client_app (
    client TEXT NOT NULL REFERENCES client,
    place  INTEGER NOT NULL,                   -- in the client's list
    app    TEXT NOT NULL REFERENCES app,
    PRIMARY KEY (client, place),
    UNIQUE (client, app)
) STRICT, WITHOUT ROWID;

-- Live secrets; a removed one is gone, the audit tells of it.
CREATE TABLE secret (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL REFERENCES client,
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used  INTEGER                         -- up to a minute late; NULL: never
) STRICT, WITHOUT ROWID;

CREATE INDEX secret_client ON secret (client);

CREATE TABLE person (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL CHECK (role IN ('administrator', 'operator', 'viewer')),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    hash       BLOB PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES person,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- At most one row: the code is made once.
CREATE TABLE start_code (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    spent_at   INTEGER                         -- NULL: not yet
) STRICT, WITHOUT ROWID;

-- Keys that sign tokens, sealed by package identity with the key in hub.key.
CREATE TABLE signing_key (
    id         TEXT PRIMARY KEY,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    use_from   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    n      INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also when a row is gone
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
