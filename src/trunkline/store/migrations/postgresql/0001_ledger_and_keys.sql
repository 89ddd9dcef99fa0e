-- What has been applied to this store; written by the code that applies it.
CREATE TABLE trunkline_migrations (
    number      BIGINT NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    checksum    TEXT   NOT NULL,            -- SHA-256 of the file, hexadecimal
    applied     BIGINT NOT NULL,            -- Unix time, seconds
    compatible  BIGINT NOT NULL             -- the oldest schema whose release can work with this one
);

-- The ledger: one row for each attempt, in the order of the fields of `trunkline.ledger.record.Row`. In parts by time,
-- so that what is old can be dropped as a whole: a UUIDv7 begins with its time, so ids are in its order.
CREATE TABLE attempts (
    request             UUID             NOT NULL,
    attempt             INTEGER          NOT NULL,
    started             BIGINT           NOT NULL,  -- Unix time, microseconds
    label               TEXT COLLATE "C" NOT NULL,
    key                 TEXT COLLATE "C" NOT NULL,
    asked               TEXT COLLATE "C" NOT NULL,
    provider            TEXT COLLATE "C" NOT NULL,
    model               TEXT COLLATE "C" NOT NULL,
    stream              BOOLEAN          NOT NULL,
    outcome             TEXT COLLATE "C" NOT NULL,
    status              INTEGER          NOT NULL,
    error               TEXT COLLATE "C" NOT NULL,
    finish              TEXT COLLATE "C" NOT NULL,
    usage               TEXT COLLATE "C" NOT NULL,
    input_tokens        BIGINT           NOT NULL,
    cached_tokens       BIGINT           NOT NULL,
    cache_write_tokens  BIGINT           NOT NULL,
    output_tokens       BIGINT           NOT NULL,
    reasoning_tokens    BIGINT           NOT NULL,
    cost                BIGINT           NOT NULL,  -- nano-dollars; -1 when unpriced
    first_byte_us       BIGINT           NOT NULL,
    total_us            BIGINT           NOT NULL,
    PRIMARY KEY (request, attempt)
) PARTITION BY RANGE (request);

-- For ids that are no UUIDv7 of a month that has a part of its own.
CREATE TABLE attempts_other PARTITION OF attempts DEFAULT;

-- Reports ask for a span of time.
CREATE INDEX attempts_by_start ON attempts (started);

CREATE TABLE keys (
    digest   BYTEA    NOT NULL PRIMARY KEY CHECK (octet_length(digest) = 32),
    name     TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    hint     TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,              -- Unix time, seconds; so are expires and revoked
    expires  BIGINT,
    revoked  BIGINT,
    models   TEXT COLLATE "C" NOT NULL,              -- a JSON array of names
    tags     TEXT COLLATE "C" NOT NULL               -- a JSON object of strings
);

-- A revoked key stays for the record, and frees its name.
CREATE UNIQUE INDEX keys_in_force ON keys (name) WHERE revoked IS NULL;

-- One row, counted up by every transaction that changes what replicas keep in memory.
CREATE TABLE version (
    one      BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    value    BIGINT NOT NULL
);

INSERT INTO version (one, value) VALUES (1, 1);
