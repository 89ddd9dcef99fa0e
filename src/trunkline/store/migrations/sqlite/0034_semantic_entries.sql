-- compatible: 2
-- What the semantic cache keeps, encrypted: questions with their vectors, and what was answered; in the order of the
-- fields of `trunkline.store.semantic_entries.SemanticRecord`, after `number` and `writer`.
CREATE TABLE semantic_entries (
    number      INTEGER NOT NULL,  -- what is committed later has a higher one
    writer      BLOB    NOT NULL,  -- the process that wrote it
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),  -- the same question in the same place has the same
    tenant      TEXT    NOT NULL,  -- for whom it is encrypted
    embedder    TEXT    NOT NULL,  -- what made its vectors, and how long these are
    dimensions  INTEGER NOT NULL,
    allowed     INTEGER NOT NULL,  -- wrong answers in a million requests
    expires     INTEGER NOT NULL,  -- Unix time, seconds; from then on it is as if it were not there
    size        INTEGER NOT NULL,  -- bytes of what is encrypted
    sealed      BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX semantic_entries_in_order ON semantic_entries (embedder, dimensions, allowed, number);
CREATE INDEX semantic_entries_by_age ON semantic_entries (number, size);
CREATE INDEX semantic_entries_by_expiry ON semantic_entries (expires);
CREATE INDEX semantic_entries_by_tenant ON semantic_entries (tenant);
-- Which data keys are in use: a record begins with two bytes and the id of its data key.
CREATE INDEX semantic_entries_by_data_key ON semantic_entries (substr(sealed, 3, 16));

-- The number of the latest entry. Whoever writes holds this row until the end of the transaction.
CREATE TABLE semantic_number (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    value  INTEGER NOT NULL
) STRICT;

INSERT INTO semantic_number (one, value) VALUES (1, 0);
