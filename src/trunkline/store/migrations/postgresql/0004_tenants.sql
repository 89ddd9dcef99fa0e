-- compatible: 2
-- Organisations, teams and users, what keys are bound to by them, and a record of who changed what. A release that does
-- not know these does not hold a key to them: they are to be used once every replica knows them.
CREATE TABLE tenants (
    kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('org', 'team', 'user')),
    name      TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    settings  TEXT COLLATE "C" NOT NULL,    -- a JSON object: what the configuration says of one
    created   BIGINT NOT NULL,              -- Unix time, seconds; so are all times below
    changed   BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

ALTER TABLE keys
    ADD COLUMN org      TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN team     TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN "user"   TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN settings TEXT COLLATE "C" NOT NULL DEFAULT '{}';  -- a JSON object, likewise

-- Keys with providers that tenants have brought; encrypted.
CREATE TABLE provider_keys (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant    TEXT COLLATE "C" NOT NULL,    -- an organisation, or a team as organisation/team
    provider  TEXT COLLATE "C" NOT NULL,
    hint      TEXT COLLATE "C" NOT NULL,
    created   BIGINT NOT NULL,
    sealed    BYTEA NOT NULL
);

-- Every change to these and to keys; only ever added to.
CREATE TABLE changes (
    id      BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    by      TEXT COLLATE "C" NOT NULL,      -- where it came from
    action  TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    detail  TEXT COLLATE "C" NOT NULL       -- a JSON object without secrets: what it is now
);
