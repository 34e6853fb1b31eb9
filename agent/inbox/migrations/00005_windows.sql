-- A window may close single types: those messages wait, others go on.

-- +goose Up

ALTER TABLE SMARTLINKWINDOW ADD COLUMN TYPES TEXT NOT NULL DEFAULT '';  -- message types, with commas; '' = all
