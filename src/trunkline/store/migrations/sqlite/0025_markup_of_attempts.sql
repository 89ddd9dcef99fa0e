-- compatible: 2
-- What tenants are charged above what the provider charges, or below it (less than nothing), nano-dollars.
ALTER TABLE attempts ADD COLUMN markup INTEGER NOT NULL DEFAULT 0;

-- Sums of them, for the lines of `usage_hours` that have any: in tables of their own, for few tenants have mark-ups,
-- and releases that know of none write whole lines of `usage_hours` and `usage_days`.
CREATE TABLE markup_hours (
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
    markup INTEGER NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, user, key, model, provider, outcome)
) STRICT, WITHOUT ROWID;

-- The same for `usage_days`.
CREATE TABLE markup_days (
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
    markup INTEGER NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, user, key, model, provider, outcome)
) STRICT, WITHOUT ROWID;

DROP VIEW tagged_figures;
DROP VIEW attempt_figures;

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
    (total_us BETWEEN 0 AND 119999999) AS ms_120000,
    max(min(markup, 9007199254740992), -9007199254740992) AS markup
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

-- Whichever release sums up, mark-ups are added to their sums.
CREATE TRIGGER markups_summed AFTER UPDATE OF attempt ON summed
WHEN EXISTS (SELECT 1 FROM attempts WHERE id > old.attempt AND id <= new.attempt AND markup <> 0)
BEGIN
    INSERT INTO markup_hours
    SELECT period, tag, value, org, team, user, key, model, provider, outcome, sum(markup)
    FROM tagged_figures
    WHERE id > old.attempt AND id <= new.attempt AND markup <> 0
    GROUP BY period, tag, value, org, team, user, key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
        markup = markup_hours.markup + excluded.markup;
    INSERT INTO markup_days
    SELECT period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome, sum(markup)
    FROM tagged_figures
    WHERE id > old.attempt AND id <= new.attempt AND markup <> 0
    GROUP BY period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
        markup = markup_days.markup + excluded.markup;
END;

-- That of an unsettled attempt that is settled is taken back, while the attempt has the number that it was summed by.
CREATE TRIGGER markup_settled BEFORE UPDATE OF outcome ON attempts
WHEN old.outcome = 'unsettled' AND old.markup <> 0 AND old.id <= (SELECT attempt FROM summed)
BEGIN
    INSERT INTO markup_hours
    SELECT period, tag, value, org, team, user, key, model, provider, outcome, -sum(markup)
    FROM tagged_figures
    WHERE id = old.id
    GROUP BY period, tag, value, org, team, user, key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
        markup = markup_hours.markup + excluded.markup;
    INSERT INTO markup_days
    SELECT period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome, -sum(markup)
    FROM tagged_figures
    WHERE id = old.id
    GROUP BY period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
        markup = markup_days.markup + excluded.markup;
END;
