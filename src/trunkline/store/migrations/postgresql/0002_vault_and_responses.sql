-- What encrypts records at rest: one key for each tenant and UTC day, itself encrypted ("wrapped") by the master key.
-- A destroyed key leaves its row, so that what it had sealed is known to be erased, not damaged.
CREATE TABLE data_keys (
    id         BYTEA    NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
    tenant     TEXT COLLATE "C" NOT NULL,
    day        TEXT COLLATE "C" NOT NULL,            -- 2026-01-31
    wrapped    BYTEA,                        -- NULL once destroyed
    created    BIGINT NOT NULL,            -- Unix time, seconds; so are all times below
    destroyed  BIGINT,
    CHECK ((wrapped IS NULL) = (destroyed IS NOT NULL))
);

-- Of several processes that make a day's first key, one is first.
CREATE UNIQUE INDEX data_keys_in_use ON data_keys (tenant, day) WHERE destroyed IS NULL;

-- One row once there is a master key: what tells whether another one is the same.
CREATE TABLE vault_check (
    one    BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    value  BYTEA    NOT NULL CHECK (octet_length(value) = 32)
);

-- Responses that applications may refer to, in the order of the fields of `trunkline.store.base.ResponseRecord`.
CREATE TABLE responses (
    tenant    TEXT COLLATE "C" NOT NULL,
    id        TEXT COLLATE "C" NOT NULL CHECK (id <> ''),
    provider  TEXT COLLATE "C" NOT NULL,
    upstream  TEXT COLLATE "C" NOT NULL,             -- the provider's own id of it, where the provider keeps it too; else empty
    previous  TEXT COLLATE "C" NOT NULL,             -- the id of the response it continues; empty for a first one
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    sealed    BYTEA    NOT NULL,             -- the response and what it answers
    PRIMARY KEY (tenant, id)
);

CREATE INDEX responses_by_expiry ON responses (expires);
