-- What encrypts records at rest: one key for each tenant and UTC day, itself encrypted ("wrapped") by the master key.
-- A destroyed key leaves its row, so that what it had sealed is known to be erased, not damaged.
CREATE TABLE data_keys (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    tenant     TEXT    NOT NULL,
    day        TEXT    NOT NULL,            -- 2026-01-31
    wrapped    BLOB,                        -- NULL once destroyed
    created    INTEGER NOT NULL,            -- Unix time, seconds; so are all times below
    destroyed  INTEGER,
    CHECK ((wrapped IS NULL) = (destroyed IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Of several processes that make a day's first key, one is first.
CREATE UNIQUE INDEX data_keys_in_use ON data_keys (tenant, day) WHERE destroyed IS NULL;

-- One row once there is a master key: what tells whether another one is the same.
CREATE TABLE vault_check (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    value  BLOB    NOT NULL CHECK (length(value) = 32)
) STRICT;

-- Responses that applications may refer to, in the order of the fields of `trunkline.store.base.ResponseRecord`.
CREATE TABLE responses (
    tenant    TEXT    NOT NULL,
    id        TEXT    NOT NULL CHECK (id <> ''),
    provider  TEXT    NOT NULL,
    upstream  TEXT    NOT NULL,             -- the provider's own id of it, where the provider keeps it too; else empty
    previous  TEXT    NOT NULL,             -- the id of the response it continues; empty for a first one
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    sealed    BLOB    NOT NULL,             -- the response and what it answers
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE INDEX responses_by_expiry ON responses (expires);
