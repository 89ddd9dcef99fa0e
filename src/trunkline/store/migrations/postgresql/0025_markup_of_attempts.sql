-- compatible: 2
-- What tenants are charged above what the provider charges, or below it (less than nothing), nano-dollars.

-- (Never NULL, but not declared so: the release before makes itself a table like this one, which has no defaults but
-- what else is declared of columns, and puts rows into it without this one.)
ALTER TABLE attempts ADD COLUMN markup BIGINT DEFAULT 0;

-- Sums of them, for the lines of `usage_hours` that have any: in tables of their own, for few tenants have mark-ups,
-- and releases that know of none write whole lines of `usage_hours` and `usage_days`.
CREATE TABLE markup_hours (
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
    markup BIGINT NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, "user", key, model, provider, outcome)
) WITH (fillfactor = 60);

-- The same for `usage_days`.
CREATE TABLE markup_days (
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
    markup BIGINT NOT NULL,
    PRIMARY KEY (tag, period, value, org, team, "user", key, model, provider, outcome)
) WITH (fillfactor = 60);

-- What one attempt adds to each line, its batch, and its mark-up.
CREATE OR REPLACE VIEW attempt_figures AS
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
    (total_us BETWEEN 0 AND 119999999)::int AS ms_120000,
    batch,
    least(greatest(markup, -9007199254740992), 9007199254740992) AS markup
FROM attempts;

-- How many of a batch's attempts have a mark-up.
ALTER TABLE unsummed ADD COLUMN markups BIGINT NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION end_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unsummed (batch, attempts, markups)
    SELECT currval('attempt_batches'), count(*), count(*) FILTER (WHERE markup <> 0) FROM changed HAVING count(*) > 0
    ON CONFLICT (batch) DO UPDATE SET
        attempts = unsummed.attempts + excluded.attempts,
        markups = unsummed.markups + excluded.markups;
    RETURN NULL;
END;
$$;

-- Adds the mark-ups of some batches to their sums.
CREATE FUNCTION sum_up_markups(batches BIGINT[]) RETURNS void LANGUAGE sql AS $$
WITH written AS MATERIALIZED (
    SELECT period, tags, org, team, "user", key, model, provider, outcome, sum(markup)::bigint AS markup
    FROM attempt_figures
    WHERE batch = ANY (batches) AND markup <> 0
    GROUP BY period, tags, org, team, "user", key, model, provider, outcome
), tagged AS (
    SELECT written.*, '' COLLATE "C" AS tag, '' COLLATE "C" AS value FROM written
    UNION ALL
    SELECT written.*, given.key, coalesce(known.value, '(other)')
    FROM written
    CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
    LEFT JOIN tag_values AS known
        ON known.day = period / 86400 * 86400 AND known.name = given.key AND known.value = given.value
), lines AS MATERIALIZED (
    SELECT period, tag, value, org, team, "user", key, model, provider, outcome, sum(markup)::bigint AS markup
    FROM tagged
    GROUP BY period, tag, value, org, team, "user", key, model, provider, outcome
), hours AS (
    INSERT INTO markup_hours
    SELECT * FROM lines
    ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
        markup = markup_hours.markup + excluded.markup
)
INSERT INTO markup_days
SELECT period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome, sum(markup)::bigint
FROM lines
GROUP BY period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome
ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
    markup = markup_days.markup + excluded.markup;
$$;

-- Does it for a release that sums up without knowing of mark-ups: when it has, so that tags' values have their lines.
CREATE FUNCTION sum_up_forgotten_markups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('trunkline.sums_markups', true) IS DISTINCT FROM 'on' THEN
        PERFORM sum_up_markups(ARRAY[OLD.batch]);
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER markups_summed AFTER DELETE ON unsummed DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.markups > 0) EXECUTE FUNCTION sum_up_forgotten_markups();

-- Takes back the mark-ups of unsettled attempts that were summed.
CREATE FUNCTION take_back_markups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM replaced WHERE markup <> 0) THEN
        RETURN NULL;
    END IF;
    -- Whoever sums up at this moment is waited for, and nobody begins to before this is committed.
    PERFORM pg_advisory_xact_lock(1937075571);

    WITH written AS MATERIALIZED (
        SELECT
            started / 3600000000 * 3600 AS period, tags, org, team, "user", key, model, provider, outcome,
            -least(greatest(markup, -9007199254740992), 9007199254740992) AS markup
        FROM replaced
        WHERE markup <> 0 AND coalesce(batch, 0) NOT IN (SELECT batch FROM unsummed)
    ), tagged AS (
        SELECT written.*, '' COLLATE "C" AS tag, '' COLLATE "C" AS value FROM written
        UNION ALL
        SELECT written.*, given.key, coalesce(known.value, '(other)')
        FROM written
        CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
        LEFT JOIN tag_values AS known
            ON known.day = period / 86400 * 86400 AND known.name = given.key AND known.value = given.value
    ), lines AS MATERIALIZED (
        SELECT period, tag, value, org, team, "user", key, model, provider, outcome, sum(markup)::bigint AS markup
        FROM tagged
        GROUP BY period, tag, value, org, team, "user", key, model, provider, outcome
    ), hours AS (
        INSERT INTO markup_hours
        SELECT * FROM lines
        ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
            markup = markup_hours.markup + excluded.markup
    )
    INSERT INTO markup_days
    SELECT period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome, sum(markup)::bigint
    FROM lines
    GROUP BY period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome
    ON CONFLICT (tag, period, value, org, team, "user", key, model, provider, outcome) DO UPDATE SET
        markup = markup_days.markup + excluded.markup;
    RETURN NULL;
END;
$$;

CREATE TRIGGER markups_taken_back AFTER UPDATE ON attempts
    REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION take_back_markups();
