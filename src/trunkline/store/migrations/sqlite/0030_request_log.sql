-- compatible: 2
-- The request log: full input and output of requests, encrypted, where a policy wants them; in the order of the fields
-- of `trunkline.store.content.LogRecord`.
CREATE TABLE request_log (
    id        TEXT    NOT NULL PRIMARY KEY,  -- the id of the request, a UUIDv7: sorts by time
    at        INTEGER NOT NULL,  -- Unix time, seconds
    expires   INTEGER NOT NULL,  -- from then on it is as if it were not there
    org       TEXT    NOT NULL,
    team      TEXT    NOT NULL,
    user      TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    person    TEXT    NOT NULL,  -- the digest of the end user's id; empty where the request named none
    model     TEXT    NOT NULL,  -- as it was asked for
    provider  TEXT    NOT NULL,
    served    TEXT    NOT NULL,  -- the provider's name of the model that answered
    status    INTEGER NOT NULL,
    stream    INTEGER NOT NULL,  -- 0 or 1
    error     TEXT    NOT NULL,
    size      INTEGER NOT NULL,  -- bytes of input and output
    sealed    BLOB NOT NULL  -- what was said and what was answered
) STRICT;

CREATE INDEX request_log_by_expiry ON request_log (expires);
CREATE INDEX request_log_by_owner ON request_log (key, person);

-- Whose end user a response is: what is encrypted for one person can be erased for one person.
ALTER TABLE responses ADD COLUMN person TEXT NOT NULL DEFAULT '';

-- Which data keys are still in use: a record begins with two bytes and the id of its data key.
CREATE INDEX request_log_by_data_key ON request_log (substr(sealed, 3, 16));
CREATE INDEX responses_by_data_key ON responses (substr(sealed, 3, 16));

-- Processes ask for the last erasure whenever something has changed.
CREATE INDEX erasures ON changes (id) WHERE action = 'erased';
