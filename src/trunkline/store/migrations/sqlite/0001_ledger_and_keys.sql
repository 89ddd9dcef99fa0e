-- What has been applied to this store; written by the code that applies it.
CREATE TABLE trunkline_migrations (
    number    INTEGER NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL,
    checksum  TEXT    NOT NULL,             -- SHA-256 of the file, hexadecimal
    applied   INTEGER NOT NULL              -- Unix time, seconds
) STRICT;

-- The ledger: one row for each attempt, in the order of the fields of `trunkline.ledger.record.Row`.
-- The shape was chosen by measurement: docs/decisions/0003-ledger-table.md.
CREATE TABLE attempts (
    request             BLOB    NOT NULL CHECK (length(request) = 16),  -- the bytes of the UUIDv7
    attempt             INTEGER NOT NULL,
    started             INTEGER NOT NULL,   -- Unix time, microseconds
    label               TEXT    NOT NULL,
    key                 TEXT    NOT NULL,
    asked               TEXT    NOT NULL,
    provider            TEXT    NOT NULL,
    model               TEXT    NOT NULL,
    stream              INTEGER NOT NULL,   -- 0 or 1
    outcome             TEXT    NOT NULL,
    status              INTEGER NOT NULL,
    error               TEXT    NOT NULL,
    finish              TEXT    NOT NULL,
    usage               TEXT    NOT NULL,
    input_tokens        INTEGER NOT NULL,
    cached_tokens       INTEGER NOT NULL,
    cache_write_tokens  INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    reasoning_tokens    INTEGER NOT NULL,
    cost                INTEGER NOT NULL,   -- nano-dollars; -1 when unpriced
    first_byte_us       INTEGER NOT NULL,
    total_us            INTEGER NOT NULL,
    PRIMARY KEY (request, attempt)
) STRICT;

-- Reports ask for a span of time.
CREATE INDEX attempts_by_start ON attempts (started);

CREATE TABLE keys (
    digest   BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    name     TEXT    NOT NULL CHECK (name <> ''),
    hint     TEXT    NOT NULL,
    created  INTEGER NOT NULL,              -- Unix time, seconds; so are expires and revoked
    expires  INTEGER,
    revoked  INTEGER,
    models   TEXT    NOT NULL,              -- a JSON array of names
    tags     TEXT    NOT NULL               -- a JSON object of strings
) STRICT, WITHOUT ROWID;

-- A revoked key stays for the record, and frees its name.
CREATE UNIQUE INDEX keys_in_force ON keys (name) WHERE revoked IS NULL;

-- One row, counted up by every transaction that changes what replicas keep in memory.
CREATE TABLE version (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    value    INTEGER NOT NULL
) STRICT;

INSERT INTO version (one, value) VALUES (1, 1);
