-- compatible: 2
-- Organisations, teams and users, what keys are bound to by them, and a record of who changed what. A release that does
-- not know these does not hold a key to them: they are to be used once every replica knows them.
CREATE TABLE tenants (
    kind      TEXT    NOT NULL CHECK (kind IN ('org', 'team', 'user')),
    name      TEXT    NOT NULL CHECK (name <> ''),
    settings  TEXT    NOT NULL,             -- a JSON object: what the configuration says of one
    created   INTEGER NOT NULL,             -- Unix time, seconds; so are all times below
    changed   INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE keys ADD COLUMN org      TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN team     TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN user     TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';  -- a JSON object, likewise

-- Keys with providers that tenants have brought; encrypted.
CREATE TABLE provider_keys (
    id        TEXT    NOT NULL PRIMARY KEY,
    tenant    TEXT    NOT NULL,             -- an organisation, or a team as organisation/team
    provider  TEXT    NOT NULL,
    hint      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    sealed    BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Every change to these and to keys; only ever added to.
CREATE TABLE changes (
    id      INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,               -- where it came from
    action  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    detail  TEXT    NOT NULL                -- a JSON object without secrets: what it is now
) STRICT;
