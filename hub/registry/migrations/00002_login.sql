-- People log in: passwords, and sessions of a browser.

-- +goose Up
ALTER TABLE person ADD COLUMN password TEXT;     -- argon2id in PHC form; NULL: only an API key lets in
ALTER TABLE person ADD COLUMN disabled_at INTEGER; -- NULL: may work
ALTER TABLE person ADD COLUMN last_login INTEGER;  -- with the password; NULL: never

CREATE TABLE login_session (
    hash       BLOB PRIMARY KEY,               -- SHA-256 of the cookie's token
    person     TEXT NOT NULL REFERENCES person,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,               -- last page asked for; up to a minute late
    address    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_session_person ON login_session (person);
