-- A window may close single types: those messages wait, others go on.

-- +goose Up

ALTER TABLE SMARTLINKWINDOW ADD TYPES NVARCHAR(MAX) NOT NULL DEFAULT '';  -- message types, with commas; '' = all
