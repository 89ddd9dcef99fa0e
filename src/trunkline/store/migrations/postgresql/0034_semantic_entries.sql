-- compatible: 2
-- What the semantic cache keeps, encrypted: questions with their vectors, and what was answered; in the order of the
-- fields of `trunkline.store.semantic_entries.SemanticRecord`, after `number` and `writer`.
CREATE TABLE semantic_entries (
    number      BIGINT  NOT NULL,  -- what is committed later has a higher one
    writer      BYTEA   NOT NULL,  -- the process that wrote it
    id          BYTEA   NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),  -- the same question in the same place has the same
    tenant      TEXT COLLATE "C" NOT NULL,  -- for whom it is encrypted
    embedder    TEXT COLLATE "C" NOT NULL,  -- what made its vectors, and how long these are
    dimensions  BIGINT  NOT NULL,
    allowed     BIGINT  NOT NULL,  -- wrong answers in a million requests
    expires     BIGINT  NOT NULL,  -- Unix time, seconds; from then on it is as if it were not there
    size        BIGINT  NOT NULL,  -- bytes of what is encrypted
    sealed      BYTEA   NOT NULL
);

CREATE UNIQUE INDEX semantic_entries_in_order ON semantic_entries (embedder, dimensions, allowed, number);
CREATE INDEX semantic_entries_by_age ON semantic_entries (number, size);
CREATE INDEX semantic_entries_by_expiry ON semantic_entries (expires);
CREATE INDEX semantic_entries_by_tenant ON semantic_entries (tenant);
-- Which data keys are in use: a record begins with two bytes and the id of its data key.
CREATE INDEX semantic_entries_by_data_key ON semantic_entries (substr(sealed, 3, 16));

-- The number of the latest entry. Whoever writes holds this row until the end of the transaction.
CREATE TABLE semantic_number (
    one    BIGINT  NOT NULL PRIMARY KEY CHECK (one = 1),
    value  BIGINT  NOT NULL
);

INSERT INTO semantic_number (one, value) VALUES (1, 0);
