-- A hub.db as migration 00007 left it, never to be changed: it proves that old data folders open.
-- Its client's secret is 0123456789abcdef twice, its API key slk_fixture.
PRAGMA foreign_keys=OFF;

CREATE TABLE api_key (
    hash       BLOB PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES person,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO api_key VALUES(X'3bcfe8f05d22a842ff442644531ae47531485833b22fd34831ce4bf16a486148','ana',1709294400000000);
CREATE TABLE app (
    code     TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    sends    TEXT NOT NULL,                    -- JSON array of types
    receives TEXT NOT NULL                     -- JSON array of types
) STRICT, WITHOUT ROWID;
INSERT INTO app VALUES('GESPLAN','Gesplan','["Cmd"]','["CmdResponse"]');
CREATE TABLE audit (
    n      INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, also when a row is gone
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
INSERT INTO audit VALUES(1,1709294400000000,'ana','company.create','01a20f35-04f6-7810-b2bf-2cf3af4f47aa','Fazenda');
INSERT INTO audit VALUES(2,1709294400000000,'ana','tenant.create','b991502e-6faa-4e3a-aaf4-967c4fe2a196','Fazenda / Produção');
INSERT INTO audit VALUES(3,1709294400000000,'ana','app.create','GESPLAN','Gesplan; sends Cmd; receives CmdResponse');
INSERT INTO audit VALUES(4,1709294400000000,'hub','start-code.create','start-code','');
INSERT INTO audit VALUES(5,1709294400000000,'ana','person.create','ana','administrator; by the first-start code');
INSERT INTO audit VALUES(6,1709294400000000,'ana','client.create','ffffffffffffffffffffffffffffffff','gesplan; tenant b991502e-6faa-4e3a-aaf4-967c4fe2a196; apps GESPLAN; secret 01a20f35-04f8-79ea-af6a-4a9a5e1f6039');
INSERT INTO audit VALUES(7,1709294400000000,'ana','client.revoke','ffffffffffffffffffffffffffffffff','epoch 2');
INSERT INTO audit VALUES(8,1709294400000000,'hub','signing-key.create','k1','signs from 2024-03-01T12:00:00Z');
CREATE TABLE client (
    id         TEXT PRIMARY KEY,               -- 32 hex digits
    tenant     BLOB NOT NULL REFERENCES tenant,
    name       TEXT NOT NULL,
    epoch      INTEGER NOT NULL,               -- raised by revoking
    revoked_at INTEGER,                        -- NULL: never
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO client VALUES('ffffffffffffffffffffffffffffffff',X'b991502e6faa4e3aaaf4967c4fe2a196','gesplan',2,1709294400000000,1709294400000000);
CREATE TABLE client_app (
    client TEXT NOT NULL REFERENCES client,
    place  INTEGER NOT NULL,                   -- in the client's list
    app    TEXT NOT NULL REFERENCES app,
    PRIMARY KEY (client, place),
    UNIQUE (client, app)
) STRICT, WITHOUT ROWID;
INSERT INTO client_app VALUES('ffffffffffffffffffffffffffffffff',0,'GESPLAN');
CREATE TABLE company (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO company VALUES(X'01a20f3504f67810b2bf2cf3af4f47aa','Fazenda',1709294400000000);
CREATE TABLE person (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL CHECK (role IN ('administrator', 'operator', 'viewer')),
    created_at INTEGER NOT NULL
, password TEXT, disabled_at INTEGER, last_login INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO person VALUES('ana','administrator',1709294400000000,NULL,NULL,1709294400000000);
CREATE TABLE registry_schema (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO registry_schema VALUES(1,0,1,'2024-03-01 12:00:00');
INSERT INTO registry_schema VALUES(2,1,1,'2024-03-01 12:00:00');
INSERT INTO registry_schema VALUES(3,2,1,'2024-03-01 12:00:00');
INSERT INTO registry_schema VALUES(4,3,1,'2024-03-01 12:00:00');
INSERT INTO registry_schema VALUES(5,7,1,'2026-11-25 15:35:07');
CREATE TABLE secret (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL REFERENCES client,
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used  INTEGER                         -- up to a minute late; NULL: never
) STRICT, WITHOUT ROWID;
INSERT INTO secret VALUES('01a20f35-04f8-79ea-af6a-4a9a5e1f6039','ffffffffffffffffffffffffffffffff',X'3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9',1709294400000000,1709294400000000);
CREATE TABLE signing_key (
    id         TEXT PRIMARY KEY,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    use_from   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key VALUES('k1',X'010203',1709294400000000,1709294400000000);
CREATE TABLE start_code (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    spent_at   INTEGER                         -- NULL: not yet
) STRICT, WITHOUT ROWID;
INSERT INTO start_code VALUES(1,X'1af5999ff674bf4f700dd9af9b62b9e62fad29975c38ce5fd00ca1c20862f378',1709294400000000,1709294400000000);
CREATE TABLE tenant (
    id         BLOB PRIMARY KEY,
    company    BLOB NOT NULL REFERENCES company,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company, name)
) STRICT, WITHOUT ROWID;
INSERT INTO tenant VALUES(X'b991502e6faa4e3aaaf4967c4fe2a196',X'01a20f3504f67810b2bf2cf3af4f47aa','Produção',1709294400000000);
CREATE TABLE login_session (
    hash       BLOB PRIMARY KEY,               -- SHA-256 of the cookie's token
    person     TEXT NOT NULL REFERENCES person,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,               -- last page asked for; up to a minute late
    address    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO login_session VALUES(X'00','ana',1709294400000000,1709294400000000,'127.0.0.1');
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
INSERT INTO schema_rule VALUES('Cmd',X'','off',NULL,NULL,1709294400000000,'ana');
CREATE TABLE installation (
    client        TEXT PRIMARY KEY REFERENCES client,
    installation  TEXT NOT NULL,       -- '' = released: the next one to come gets it
    barred        TEXT NOT NULL,       -- the one an administrator took it from
    bound_at      INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,    -- raised whenever another run becomes the active one
    instance      TEXT NOT NULL,       -- of the active run, like the next four
    run           TEXT NOT NULL,       -- '' = none is active
    host          TEXT NOT NULL,
    since         INTEGER NOT NULL,
    until         INTEGER NOT NULL,    -- when another may take over
    lease         INTEGER NOT NULL,    -- microseconds by which until is put off
    moves         INTEGER NOT NULL,    -- how far its database has moved on
    standby_host  TEXT NOT NULL,       -- the last run that stood by
    standby_at    INTEGER NOT NULL,
    rival_run     TEXT NOT NULL,       -- asked with the instance of the active run, which has not been heard of since
    rival_host    TEXT NOT NULL,
    conflict_run  TEXT NOT NULL,       -- a rival, after which the active run was heard of again
    conflict_host TEXT NOT NULL,
    conflict_at   INTEGER NOT NULL,
    refused       TEXT NOT NULL,       -- installation of the last that was refused
    refused_host  TEXT NOT NULL,
    refused_code  TEXT NOT NULL,
    refused_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('registry_schema',5);
INSERT INTO sqlite_sequence VALUES('audit',8);
CREATE INDEX client_list ON client (tenant, name, id);
CREATE INDEX secret_client ON secret (client);
CREATE INDEX login_session_person ON login_session (person);

