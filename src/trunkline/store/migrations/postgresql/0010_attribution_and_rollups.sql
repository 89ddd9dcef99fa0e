-- compatible: 2
-- Who and what an attempt was for, and sums by the hour and the day, so that a report need not read every row.
ALTER TABLE attempts
    ADD COLUMN org    TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN team   TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN "user" TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- A JSON object of strings; empty without any.
    ADD COLUMN tags   TEXT COLLATE "C" NOT NULL DEFAULT ''
        CHECK (tags = '' OR jsonb_typeof(tags::jsonb) = 'object'),
    -- Nano-dollars that an answer from the cache did not cost.
    ADD COLUMN saved  BIGINT NOT NULL DEFAULT 0;

-- Sums over the attempts that began in one hour and agree in everything named before `requests`. For an attempt with
-- tags there is a line for each of them besides the one without (tag and value empty), so one tag at a time is summed.
-- `ms_500` counts the attempts that took less than 500 ms, of the `timed` ones; such counts can be added.
CREATE TABLE usage_hours (
    period BIGINT NOT NULL,   -- Unix time, seconds: the first of the hour
    tag TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    team TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    saved BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    first_bytes BIGINT NOT NULL,
    first_byte_us BIGINT NOT NULL,
    ms_10 BIGINT NOT NULL,
    ms_25 BIGINT NOT NULL,
    ms_50 BIGINT NOT NULL,
    ms_100 BIGINT NOT NULL,
    ms_150 BIGINT NOT NULL,
    ms_200 BIGINT NOT NULL,
    ms_300 BIGINT NOT NULL,
    ms_500 BIGINT NOT NULL,
    ms_700 BIGINT NOT NULL,
    ms_1000 BIGINT NOT NULL,
    ms_1500 BIGINT NOT NULL,
    ms_2000 BIGINT NOT NULL,
    ms_3000 BIGINT NOT NULL,
    ms_5000 BIGINT NOT NULL,
    ms_7000 BIGINT NOT NULL,
    ms_10000 BIGINT NOT NULL,
    ms_20000 BIGINT NOT NULL,
    ms_30000 BIGINT NOT NULL,
    ms_60000 BIGINT NOT NULL,
    ms_120000 BIGINT NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, "user", key, model, provider, outcome)
) WITH (fillfactor = 60);  -- room for the next values of a line beside it

-- The same by the UTC day.
CREATE TABLE usage_days (
    period BIGINT NOT NULL,   -- Unix time, seconds: the first of the day
    tag TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    team TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    saved BIGINT NOT NULL,
    timed BIGINT NOT NULL,
    first_bytes BIGINT NOT NULL,
    first_byte_us BIGINT NOT NULL,
    ms_10 BIGINT NOT NULL,
    ms_25 BIGINT NOT NULL,
    ms_50 BIGINT NOT NULL,
    ms_100 BIGINT NOT NULL,
    ms_150 BIGINT NOT NULL,
    ms_200 BIGINT NOT NULL,
    ms_300 BIGINT NOT NULL,
    ms_500 BIGINT NOT NULL,
    ms_700 BIGINT NOT NULL,
    ms_1000 BIGINT NOT NULL,
    ms_1500 BIGINT NOT NULL,
    ms_2000 BIGINT NOT NULL,
    ms_3000 BIGINT NOT NULL,
    ms_5000 BIGINT NOT NULL,
    ms_7000 BIGINT NOT NULL,
    ms_10000 BIGINT NOT NULL,
    ms_20000 BIGINT NOT NULL,
    ms_30000 BIGINT NOT NULL,
    ms_60000 BIGINT NOT NULL,
    ms_120000 BIGINT NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, "user", key, model, provider, outcome)
) WITH (fillfactor = 60);  -- room for the next values of a line beside it

-- The values of a tag that have lines of their own: a bounded number a day. The others are '(other)'.
CREATE TABLE tag_values (
    day    BIGINT NOT NULL,                 -- Unix time, seconds
    name   TEXT COLLATE "C" NOT NULL,
    value  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (day, name, value)
);

-- What one attempt adds to each line: numbers beyond belief as 2^53, so that no sum of some of them overflows.
CREATE VIEW attempt_figures AS
SELECT
    started, started / 3600000000 * 3600 AS period, tags,
    org, team, "user", key, model, provider, outcome,
    (attempt <= 1)::int AS requests,
    1 AS attempts,
    (outcome IN ('refused', 'failed', 'truncated'))::int AS errors,
    least(input_tokens, 9007199254740992) AS input_tokens,
    least(cached_tokens, 9007199254740992) AS cached_tokens,
    least(cache_write_tokens, 9007199254740992) AS cache_write_tokens,
    least(output_tokens, 9007199254740992) AS output_tokens,
    least(reasoning_tokens, 9007199254740992) AS reasoning_tokens,
    CASE WHEN cost < 0 THEN 0 ELSE least(cost, 9007199254740992) END AS cost,
    (cost < 0)::int AS unpriced,
    least(saved, 9007199254740992) AS saved,
    (total_us >= 0)::int AS timed,
    (first_byte_us >= 0)::int AS first_bytes,
    CASE WHEN first_byte_us < 0 THEN 0 ELSE first_byte_us END AS first_byte_us,
    (total_us BETWEEN 0 AND 9999)::int AS ms_10,
    (total_us BETWEEN 0 AND 24999)::int AS ms_25,
    (total_us BETWEEN 0 AND 49999)::int AS ms_50,
    (total_us BETWEEN 0 AND 99999)::int AS ms_100,
    (total_us BETWEEN 0 AND 149999)::int AS ms_150,
    (total_us BETWEEN 0 AND 199999)::int AS ms_200,
    (total_us BETWEEN 0 AND 299999)::int AS ms_300,
    (total_us BETWEEN 0 AND 499999)::int AS ms_500,
    (total_us BETWEEN 0 AND 699999)::int AS ms_700,
    (total_us BETWEEN 0 AND 999999)::int AS ms_1000,
    (total_us BETWEEN 0 AND 1499999)::int AS ms_1500,
    (total_us BETWEEN 0 AND 1999999)::int AS ms_2000,
    (total_us BETWEEN 0 AND 2999999)::int AS ms_3000,
    (total_us BETWEEN 0 AND 4999999)::int AS ms_5000,
    (total_us BETWEEN 0 AND 6999999)::int AS ms_7000,
    (total_us BETWEEN 0 AND 9999999)::int AS ms_10000,
    (total_us BETWEEN 0 AND 19999999)::int AS ms_20000,
    (total_us BETWEEN 0 AND 29999999)::int AS ms_30000,
    (total_us BETWEEN 0 AND 59999999)::int AS ms_60000,
    (total_us BETWEEN 0 AND 119999999)::int AS ms_120000
FROM attempts;

-- The same, once without a tag and once for each.
CREATE VIEW tagged_figures AS
SELECT attempt_figures.*, '' COLLATE "C" AS tag, '' COLLATE "C" AS value FROM attempt_figures
UNION ALL
SELECT attempt_figures.*, given.key, coalesce(known.value, '(other)')
FROM attempt_figures
CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
LEFT JOIN tag_values AS known
    ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value;

-- Adds the rows of a statement, whichever release makes it, to the sums, in its transaction. Lines are changed in the
-- order of their keys, so that two writers wait for each other one way round only.
CREATE FUNCTION sum_up_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM changed) THEN
        RETURN NULL;
    END IF;
    INSERT INTO tag_values (day, name, value)
    SELECT day, name, value
    FROM (
        SELECT day, name, value, row_number() OVER (PARTITION BY day, name ORDER BY first, value) AS place
        FROM (
            SELECT started / 86400000000 * 86400 AS day, given.key AS name, given.value AS value, min(started) AS first
            FROM changed
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            GROUP BY 1, 2, 3
        ) AS coming
        WHERE NOT EXISTS (
            SELECT 1 FROM tag_values AS known
            WHERE known.day = coming.day AND known.name = coming.name AND known.value = coming.value
        )
    ) AS fresh
    WHERE place <= 1000 - (
        SELECT count(*) FROM tag_values AS known WHERE known.day = fresh.day AND known.name = fresh.name
    )
    ORDER BY day, name, value
    ON CONFLICT DO NOTHING;

    CREATE TEMP TABLE IF NOT EXISTS summing (LIKE usage_hours) ON COMMIT DELETE ROWS;
    DELETE FROM summing;
    INSERT INTO summing
    SELECT
        period, tag, value, org, team, "user", key, model, provider, outcome,
        sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
        sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
        sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint,
        sum(timed)::bigint, sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint,
        sum(ms_25)::bigint, sum(ms_50)::bigint, sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint,
        sum(ms_300)::bigint, sum(ms_500)::bigint, sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint,
        sum(ms_2000)::bigint, sum(ms_3000)::bigint, sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint,
        sum(ms_20000)::bigint, sum(ms_30000)::bigint, sum(ms_60000)::bigint, sum(ms_120000)::bigint
    FROM (
        SELECT
            started / 3600000000 * 3600 AS period, tag, value,
            org, team, "user", key, model, provider, outcome,
            (attempt <= 1)::int AS requests,
            1 AS attempts,
            (outcome IN ('refused', 'failed', 'truncated'))::int AS errors,
            least(input_tokens, 9007199254740992) AS input_tokens,
            least(cached_tokens, 9007199254740992) AS cached_tokens,
            least(cache_write_tokens, 9007199254740992) AS cache_write_tokens,
            least(output_tokens, 9007199254740992) AS output_tokens,
            least(reasoning_tokens, 9007199254740992) AS reasoning_tokens,
            CASE WHEN cost < 0 THEN 0 ELSE least(cost, 9007199254740992) END AS cost,
            (cost < 0)::int AS unpriced,
            least(saved, 9007199254740992) AS saved,
            (total_us >= 0)::int AS timed,
            (first_byte_us >= 0)::int AS first_bytes,
            CASE WHEN first_byte_us < 0 THEN 0 ELSE first_byte_us END AS first_byte_us,
            (total_us BETWEEN 0 AND 9999)::int AS ms_10,
            (total_us BETWEEN 0 AND 24999)::int AS ms_25,
            (total_us BETWEEN 0 AND 49999)::int AS ms_50,
            (total_us BETWEEN 0 AND 99999)::int AS ms_100,
            (total_us BETWEEN 0 AND 149999)::int AS ms_150,
            (total_us BETWEEN 0 AND 199999)::int AS ms_200,
            (total_us BETWEEN 0 AND 299999)::int AS ms_300,
            (total_us BETWEEN 0 AND 499999)::int AS ms_500,
            (total_us BETWEEN 0 AND 699999)::int AS ms_700,
            (total_us BETWEEN 0 AND 999999)::int AS ms_1000,
            (total_us BETWEEN 0 AND 1499999)::int AS ms_1500,
            (total_us BETWEEN 0 AND 1999999)::int AS ms_2000,
            (total_us BETWEEN 0 AND 2999999)::int AS ms_3000,
            (total_us BETWEEN 0 AND 4999999)::int AS ms_5000,
            (total_us BETWEEN 0 AND 6999999)::int AS ms_7000,
            (total_us BETWEEN 0 AND 9999999)::int AS ms_10000,
            (total_us BETWEEN 0 AND 19999999)::int AS ms_20000,
            (total_us BETWEEN 0 AND 29999999)::int AS ms_30000,
            (total_us BETWEEN 0 AND 59999999)::int AS ms_60000,
            (total_us BETWEEN 0 AND 119999999)::int AS ms_120000
        FROM (
            SELECT changed.*, '' AS tag, '' AS value FROM changed
            UNION ALL
            SELECT changed.*, given.key, coalesce(known.value, '(other)')
            FROM changed
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            LEFT JOIN tag_values AS known
                ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value
        ) AS tagged
    ) AS figures
    GROUP BY period, tag, value, org, team, "user", key, model, provider, outcome;

    INSERT INTO usage_hours SELECT * FROM summing ORDER BY period, tag, value, org, team, "user", key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
        requests = usage_hours.requests + excluded.requests,
        attempts = usage_hours.attempts + excluded.attempts,
        errors = usage_hours.errors + excluded.errors,
        input_tokens = usage_hours.input_tokens + excluded.input_tokens,
        cached_tokens = usage_hours.cached_tokens + excluded.cached_tokens,
        cache_write_tokens = usage_hours.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage_hours.output_tokens + excluded.output_tokens,
        reasoning_tokens = usage_hours.reasoning_tokens + excluded.reasoning_tokens,
        cost = usage_hours.cost + excluded.cost,
        unpriced = usage_hours.unpriced + excluded.unpriced,
        saved = usage_hours.saved + excluded.saved,
        timed = usage_hours.timed + excluded.timed,
        first_bytes = usage_hours.first_bytes + excluded.first_bytes,
        first_byte_us = usage_hours.first_byte_us + excluded.first_byte_us,
        ms_10 = usage_hours.ms_10 + excluded.ms_10,
        ms_25 = usage_hours.ms_25 + excluded.ms_25,
        ms_50 = usage_hours.ms_50 + excluded.ms_50,
        ms_100 = usage_hours.ms_100 + excluded.ms_100,
        ms_150 = usage_hours.ms_150 + excluded.ms_150,
        ms_200 = usage_hours.ms_200 + excluded.ms_200,
        ms_300 = usage_hours.ms_300 + excluded.ms_300,
        ms_500 = usage_hours.ms_500 + excluded.ms_500,
        ms_700 = usage_hours.ms_700 + excluded.ms_700,
        ms_1000 = usage_hours.ms_1000 + excluded.ms_1000,
        ms_1500 = usage_hours.ms_1500 + excluded.ms_1500,
        ms_2000 = usage_hours.ms_2000 + excluded.ms_2000,
        ms_3000 = usage_hours.ms_3000 + excluded.ms_3000,
        ms_5000 = usage_hours.ms_5000 + excluded.ms_5000,
        ms_7000 = usage_hours.ms_7000 + excluded.ms_7000,
        ms_10000 = usage_hours.ms_10000 + excluded.ms_10000,
        ms_20000 = usage_hours.ms_20000 + excluded.ms_20000,
        ms_30000 = usage_hours.ms_30000 + excluded.ms_30000,
        ms_60000 = usage_hours.ms_60000 + excluded.ms_60000,
        ms_120000 = usage_hours.ms_120000 + excluded.ms_120000;

    INSERT INTO usage_days
    SELECT
        period / 86400 * 86400 AS day, tag, value, org, team, "user", key, model, provider, outcome,
        sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
        sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
        sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint,
        sum(timed)::bigint, sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint,
        sum(ms_25)::bigint, sum(ms_50)::bigint, sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint,
        sum(ms_300)::bigint, sum(ms_500)::bigint, sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint,
        sum(ms_2000)::bigint, sum(ms_3000)::bigint, sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint,
        sum(ms_20000)::bigint, sum(ms_30000)::bigint, sum(ms_60000)::bigint, sum(ms_120000)::bigint
    FROM summing
    GROUP BY day, tag, value, org, team, "user", key, model, provider, outcome
    ORDER BY day, tag, value, org, team, "user", key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
        requests = usage_days.requests + excluded.requests,
        attempts = usage_days.attempts + excluded.attempts,
        errors = usage_days.errors + excluded.errors,
        input_tokens = usage_days.input_tokens + excluded.input_tokens,
        cached_tokens = usage_days.cached_tokens + excluded.cached_tokens,
        cache_write_tokens = usage_days.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage_days.output_tokens + excluded.output_tokens,
        reasoning_tokens = usage_days.reasoning_tokens + excluded.reasoning_tokens,
        cost = usage_days.cost + excluded.cost,
        unpriced = usage_days.unpriced + excluded.unpriced,
        saved = usage_days.saved + excluded.saved,
        timed = usage_days.timed + excluded.timed,
        first_bytes = usage_days.first_bytes + excluded.first_bytes,
        first_byte_us = usage_days.first_byte_us + excluded.first_byte_us,
        ms_10 = usage_days.ms_10 + excluded.ms_10,
        ms_25 = usage_days.ms_25 + excluded.ms_25,
        ms_50 = usage_days.ms_50 + excluded.ms_50,
        ms_100 = usage_days.ms_100 + excluded.ms_100,
        ms_150 = usage_days.ms_150 + excluded.ms_150,
        ms_200 = usage_days.ms_200 + excluded.ms_200,
        ms_300 = usage_days.ms_300 + excluded.ms_300,
        ms_500 = usage_days.ms_500 + excluded.ms_500,
        ms_700 = usage_days.ms_700 + excluded.ms_700,
        ms_1000 = usage_days.ms_1000 + excluded.ms_1000,
        ms_1500 = usage_days.ms_1500 + excluded.ms_1500,
        ms_2000 = usage_days.ms_2000 + excluded.ms_2000,
        ms_3000 = usage_days.ms_3000 + excluded.ms_3000,
        ms_5000 = usage_days.ms_5000 + excluded.ms_5000,
        ms_7000 = usage_days.ms_7000 + excluded.ms_7000,
        ms_10000 = usage_days.ms_10000 + excluded.ms_10000,
        ms_20000 = usage_days.ms_20000 + excluded.ms_20000,
        ms_30000 = usage_days.ms_30000 + excluded.ms_30000,
        ms_60000 = usage_days.ms_60000 + excluded.ms_60000,
        ms_120000 = usage_days.ms_120000 + excluded.ms_120000;
    RETURN NULL;
END;
$$;

-- Takes back what unsettled attempts were summed as: nothing but their number and what was reserved for them.
CREATE FUNCTION take_back_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM replaced) THEN
        RETURN NULL;
    END IF;
    UPDATE usage_hours AS line SET
        requests = line.requests - gone.requests,
        attempts = line.attempts - gone.attempts,
        cost = line.cost - gone.cost,
        unpriced = line.unpriced - gone.unpriced
    FROM (
        SELECT
            started / 3600000000 * 3600 AS period, tag, value, org, team, "user", key, model, provider, outcome,
            count(*) FILTER (WHERE attempt <= 1) AS requests, count(*) AS attempts,
            sum(least(greatest(cost, 0), 9007199254740992))::bigint AS cost, count(*) FILTER (WHERE cost < 0) AS unpriced
        FROM (
            SELECT replaced.*, '' AS tag, '' AS value FROM replaced
            UNION ALL
            SELECT replaced.*, given.key, coalesce(known.value, '(other)')
            FROM replaced
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            LEFT JOIN tag_values AS known
                ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value
        ) AS tagged
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) AS gone
    WHERE line.period = gone.period AND line.tag = gone.tag AND line.value = gone.value AND line.org = gone.org AND line.team = gone.team
        AND line."user" = gone."user" AND line.key = gone.key AND line.model = gone.model AND line.provider = gone.provider AND line.outcome = gone.outcome;

    UPDATE usage_days AS line SET
        requests = line.requests - gone.requests,
        attempts = line.attempts - gone.attempts,
        cost = line.cost - gone.cost,
        unpriced = line.unpriced - gone.unpriced
    FROM (
        SELECT
            started / 86400000000 * 86400 AS period, tag, value, org, team, "user", key, model, provider, outcome,
            count(*) FILTER (WHERE attempt <= 1) AS requests, count(*) AS attempts,
            sum(least(greatest(cost, 0), 9007199254740992))::bigint AS cost, count(*) FILTER (WHERE cost < 0) AS unpriced
        FROM (
            SELECT replaced.*, '' AS tag, '' AS value FROM replaced
            UNION ALL
            SELECT replaced.*, given.key, coalesce(known.value, '(other)')
            FROM replaced
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            LEFT JOIN tag_values AS known
                ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value
        ) AS tagged
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) AS gone
    WHERE line.period = gone.period AND line.tag = gone.tag AND line.value = gone.value AND line.org = gone.org AND line.team = gone.team
        AND line."user" = gone."user" AND line.key = gone.key AND line.model = gone.model AND line.provider = gone.provider AND line.outcome = gone.outcome;
    RETURN NULL;
END;
$$;

CREATE TRIGGER attempts_added AFTER INSERT ON attempts
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sum_up_attempts();
CREATE TRIGGER attempts_settled AFTER UPDATE ON attempts
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sum_up_attempts();
CREATE TRIGGER attempts_taken_back AFTER UPDATE ON attempts
    REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION take_back_attempts();
