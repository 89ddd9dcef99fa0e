-- compatible: 2
-- Who and what an attempt was for, and sums by the hour and the day, so that a report need not read every row.

-- Which releases can work with a change they do not know: those that know at least this schema.
ALTER TABLE trunkline_migrations ADD COLUMN compatible INTEGER NOT NULL DEFAULT 0;

-- Rows get a number that is never given twice and that VACUUM keeps: sums are taken up to a number.
CREATE TABLE attempts_numbered (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
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
    org                 TEXT    NOT NULL DEFAULT '',
    team                TEXT    NOT NULL DEFAULT '',
    user                TEXT    NOT NULL DEFAULT '',
    tags                TEXT    NOT NULL DEFAULT '' CHECK (tags = '' OR json_type(tags) = 'object'),  -- of strings; empty without any
    saved               INTEGER NOT NULL DEFAULT 0,   -- nano-dollars that an answer from the cache did not cost
    UNIQUE (request, attempt)
) STRICT;

INSERT INTO attempts_numbered (
    request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us
)
SELECT * FROM attempts;

DROP TABLE attempts;
ALTER TABLE attempts_numbered RENAME TO attempts;
CREATE INDEX attempts_by_start ON attempts (started);

-- Sums over the attempts that began in one hour and agree in everything named before `requests`. For an attempt with
-- tags there is a line for each of them besides the one without (tag and value empty), so one tag at a time is summed.
-- `ms_500` counts the attempts that took less than 500 ms, of the `timed` ones; such counts can be added.
CREATE TABLE usage_hours (
    period INTEGER NOT NULL,   -- Unix time, seconds: the first of the hour
    tag TEXT NOT NULL,
    value TEXT NOT NULL,
    org TEXT NOT NULL,
    team TEXT NOT NULL,
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    requests INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    first_byte_us INTEGER NOT NULL,
    ms_10 INTEGER NOT NULL,
    ms_25 INTEGER NOT NULL,
    ms_50 INTEGER NOT NULL,
    ms_100 INTEGER NOT NULL,
    ms_150 INTEGER NOT NULL,
    ms_200 INTEGER NOT NULL,
    ms_300 INTEGER NOT NULL,
    ms_500 INTEGER NOT NULL,
    ms_700 INTEGER NOT NULL,
    ms_1000 INTEGER NOT NULL,
    ms_1500 INTEGER NOT NULL,
    ms_2000 INTEGER NOT NULL,
    ms_3000 INTEGER NOT NULL,
    ms_5000 INTEGER NOT NULL,
    ms_7000 INTEGER NOT NULL,
    ms_10000 INTEGER NOT NULL,
    ms_20000 INTEGER NOT NULL,
    ms_30000 INTEGER NOT NULL,
    ms_60000 INTEGER NOT NULL,
    ms_120000 INTEGER NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, user, key, model, provider, outcome)
) STRICT, WITHOUT ROWID;

-- The same by the UTC day.
CREATE TABLE usage_days (
    period INTEGER NOT NULL,   -- Unix time, seconds: the first of the day
    tag TEXT NOT NULL,
    value TEXT NOT NULL,
    org TEXT NOT NULL,
    team TEXT NOT NULL,
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    requests INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    first_byte_us INTEGER NOT NULL,
    ms_10 INTEGER NOT NULL,
    ms_25 INTEGER NOT NULL,
    ms_50 INTEGER NOT NULL,
    ms_100 INTEGER NOT NULL,
    ms_150 INTEGER NOT NULL,
    ms_200 INTEGER NOT NULL,
    ms_300 INTEGER NOT NULL,
    ms_500 INTEGER NOT NULL,
    ms_700 INTEGER NOT NULL,
    ms_1000 INTEGER NOT NULL,
    ms_1500 INTEGER NOT NULL,
    ms_2000 INTEGER NOT NULL,
    ms_3000 INTEGER NOT NULL,
    ms_5000 INTEGER NOT NULL,
    ms_7000 INTEGER NOT NULL,
    ms_10000 INTEGER NOT NULL,
    ms_20000 INTEGER NOT NULL,
    ms_30000 INTEGER NOT NULL,
    ms_60000 INTEGER NOT NULL,
    ms_120000 INTEGER NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, user, key, model, provider, outcome)
) STRICT, WITHOUT ROWID;

-- The values of a tag that have lines of their own: a bounded number a day. The others are '(other)'.
CREATE TABLE tag_values (
    day    INTEGER NOT NULL,                -- Unix time, seconds
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (day, name, value)
) STRICT, WITHOUT ROWID;

-- Up to which attempt the sums go.
CREATE TABLE summed (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    attempt  INTEGER NOT NULL
) STRICT;

INSERT INTO summed (one, attempt) VALUES (1, 0);

-- What one attempt adds to each line: numbers beyond belief as 2^53, so that no sum of some of them overflows.
CREATE VIEW attempt_figures AS
SELECT
    id, started, started / 3600000000 * 3600 AS period, tags,
    org, team, user, key, model, provider, outcome,
    (attempt <= 1) AS requests,
    1 AS attempts,
    (outcome IN ('refused', 'failed', 'truncated')) AS errors,
    min(input_tokens, 9007199254740992) AS input_tokens,
    min(cached_tokens, 9007199254740992) AS cached_tokens,
    min(cache_write_tokens, 9007199254740992) AS cache_write_tokens,
    min(output_tokens, 9007199254740992) AS output_tokens,
    min(reasoning_tokens, 9007199254740992) AS reasoning_tokens,
    CASE WHEN cost < 0 THEN 0 ELSE min(cost, 9007199254740992) END AS cost,
    (cost < 0) AS unpriced,
    min(saved, 9007199254740992) AS saved,
    (total_us >= 0) AS timed,
    (first_byte_us >= 0) AS first_bytes,
    CASE WHEN first_byte_us < 0 THEN 0 ELSE first_byte_us END AS first_byte_us,
    (total_us BETWEEN 0 AND 9999) AS ms_10,
    (total_us BETWEEN 0 AND 24999) AS ms_25,
    (total_us BETWEEN 0 AND 49999) AS ms_50,
    (total_us BETWEEN 0 AND 99999) AS ms_100,
    (total_us BETWEEN 0 AND 149999) AS ms_150,
    (total_us BETWEEN 0 AND 199999) AS ms_200,
    (total_us BETWEEN 0 AND 299999) AS ms_300,
    (total_us BETWEEN 0 AND 499999) AS ms_500,
    (total_us BETWEEN 0 AND 699999) AS ms_700,
    (total_us BETWEEN 0 AND 999999) AS ms_1000,
    (total_us BETWEEN 0 AND 1499999) AS ms_1500,
    (total_us BETWEEN 0 AND 1999999) AS ms_2000,
    (total_us BETWEEN 0 AND 2999999) AS ms_3000,
    (total_us BETWEEN 0 AND 4999999) AS ms_5000,
    (total_us BETWEEN 0 AND 6999999) AS ms_7000,
    (total_us BETWEEN 0 AND 9999999) AS ms_10000,
    (total_us BETWEEN 0 AND 19999999) AS ms_20000,
    (total_us BETWEEN 0 AND 29999999) AS ms_30000,
    (total_us BETWEEN 0 AND 59999999) AS ms_60000,
    (total_us BETWEEN 0 AND 119999999) AS ms_120000
FROM attempts;

-- The same, once without a tag and once for each.
CREATE VIEW tagged_figures AS
SELECT *, '' AS tag, '' AS value FROM attempt_figures
UNION ALL
SELECT
    attempt_figures.*,
    given.key,
    CASE
        WHEN EXISTS (
            SELECT 1 FROM tag_values
            WHERE day = started / 86400000000 * 86400 AND name = given.key AND tag_values.value = given.value
        ) THEN given.value
        WHEN (  -- of attempts that are not summed yet
            SELECT count(*) FROM tag_values WHERE day = started / 86400000000 * 86400 AND name = given.key
        ) < 1000 THEN given.value
        ELSE '(other)'
    END
FROM attempt_figures
JOIN json_each(nullif(tags, '')) AS given;

-- An unsettled attempt that is settled, whichever release does it: what it was summed as is taken back, and its new
-- number has it summed again.
CREATE TRIGGER attempt_settled AFTER UPDATE OF outcome ON attempts
WHEN old.outcome = 'unsettled' AND old.id <= (SELECT attempt FROM summed)
BEGIN
    UPDATE usage_hours SET
        requests = requests - (old.attempt <= 1),
        attempts = attempts - 1,
        cost = cost - max(min(old.cost, 9007199254740992), 0),
        unpriced = unpriced - (old.cost < 0)
    WHERE period = old.started / 3600000000 * 3600
        AND org = old.org AND team = old.team AND user = old.user AND key = old.key
        AND model = old.model AND provider = old.provider AND outcome = old.outcome
        AND (tag, value) IN (SELECT tag, value FROM tagged_figures WHERE id = old.id);
    UPDATE usage_days SET
        requests = requests - (old.attempt <= 1),
        attempts = attempts - 1,
        cost = cost - max(min(old.cost, 9007199254740992), 0),
        unpriced = unpriced - (old.cost < 0)
    WHERE period = old.started / 86400000000 * 86400
        AND org = old.org AND team = old.team AND user = old.user AND key = old.key
        AND model = old.model AND provider = old.provider AND outcome = old.outcome
        AND (tag, value) IN (SELECT tag, value FROM tagged_figures WHERE id = old.id);
    UPDATE attempts SET id = (SELECT max(id) + 1 FROM attempts) WHERE id = old.id;
END;
