-- compatible: 2
-- Attempts are added to the sums many at a time after they were written, so that a line is touched once for many of
-- them and writers do not wait for each other's lines.

DROP TRIGGER attempts_added ON attempts;
DROP TRIGGER attempts_settled ON attempts;
DROP FUNCTION sum_up_attempts();

-- Each statement that writes attempts gives them a number of its own. Those without one are in the sums.
CREATE SEQUENCE attempt_batches AS BIGINT;
ALTER TABLE attempts ADD COLUMN batch BIGINT;
ALTER TABLE attempts ALTER COLUMN batch SET DEFAULT currval('attempt_batches');
CREATE INDEX attempts_by_batch ON attempts (batch);

-- The statements whose attempts are not in the sums yet, and how many they are.
CREATE TABLE unsummed (
    batch     BIGINT NOT NULL PRIMARY KEY,
    attempts  BIGINT NOT NULL
);

CREATE FUNCTION begin_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('attempt_batches');
    RETURN NULL;
END;
$$;

-- An unsettled attempt that is settled is summed again.
CREATE FUNCTION join_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.batch := currval('attempt_batches');
    RETURN NEW;
END;
$$;

CREATE FUNCTION end_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unsummed (batch, attempts)
    SELECT currval('attempt_batches'), count(*) FROM changed HAVING count(*) > 0
    ON CONFLICT (batch) DO UPDATE SET attempts = unsummed.attempts + excluded.attempts;
    RETURN NULL;
END;
$$;

-- Takes back what unsettled attempts were summed as, if they were: nothing but their number and what was reserved.
CREATE OR REPLACE FUNCTION take_back_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM replaced) THEN
        RETURN NULL;
    END IF;
    -- Whoever sums up at this moment is waited for, and nobody begins to before this is committed.
    PERFORM pg_advisory_xact_lock(1937075571);

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
            WHERE coalesce(batch, 0) NOT IN (SELECT batch FROM unsummed)
            UNION ALL
            SELECT replaced.*, given.key, coalesce(known.value, '(other)')
            FROM replaced
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            LEFT JOIN tag_values AS known
                ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value
            WHERE coalesce(batch, 0) NOT IN (SELECT batch FROM unsummed)
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
            WHERE coalesce(batch, 0) NOT IN (SELECT batch FROM unsummed)
            UNION ALL
            SELECT replaced.*, given.key, coalesce(known.value, '(other)')
            FROM replaced
            CROSS JOIN LATERAL jsonb_each_text(nullif(tags, '')::jsonb) AS given
            LEFT JOIN tag_values AS known
                ON known.day = started / 86400000000 * 86400 AND known.name = given.key AND known.value = given.value
            WHERE coalesce(batch, 0) NOT IN (SELECT batch FROM unsummed)
        ) AS tagged
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) AS gone
    WHERE line.period = gone.period AND line.tag = gone.tag AND line.value = gone.value AND line.org = gone.org AND line.team = gone.team
        AND line."user" = gone."user" AND line.key = gone.key AND line.model = gone.model AND line.provider = gone.provider AND line.outcome = gone.outcome;
    RETURN NULL;
END;
$$;

CREATE TRIGGER batch_begins BEFORE INSERT OR UPDATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION begin_batch();
CREATE TRIGGER batch_joined BEFORE UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION join_batch();
CREATE TRIGGER batch_added AFTER INSERT ON attempts
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION end_batch();
CREATE TRIGGER batch_settled AFTER UPDATE ON attempts
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION end_batch();

-- What one attempt adds to each line, and its batch.
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
    batch
FROM attempts;
