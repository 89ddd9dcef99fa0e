-- name: unsummed
-- How many attempts are not in the sums yet.
SELECT coalesce(sum(attempts), 0) FROM unsummed;

-- name: sum_alone
-- Whether this transaction may sum up; one at a time does, and others wait for it, or do not. The number of the lock
-- reads "sums". (Rows are found by their batch, whatever the statistics of a table that grows quickly say, and a hash of
-- them fits into memory. The mark-ups are summed up here; for releases that know of none a trigger does it.)
SELECT
    CASE WHEN $1 THEN pg_advisory_xact_lock(1937075571) IS NOT NULL ELSE pg_try_advisory_xact_lock(1937075571) END,
    set_config('enable_seqscan', 'off', true),
    set_config('work_mem', '64MB', true),
    set_config('trunkline.sums_markups', 'on', true);

-- name: take_unsummed
-- The batches that come first, of together so many attempts or a little more, and whether any of them have a mark-up;
-- they count as summed from now on.
DELETE FROM unsummed WHERE batch IN (
    SELECT batch
    FROM (SELECT batch, sum(attempts) OVER (ORDER BY batch) - attempts AS before FROM unsummed) AS queue
    WHERE before < $1
)
RETURNING batch, markups > 0;

-- name: new_tag_values
-- The values of tags that come first in a day, up to a number of them, get lines of their own.
INSERT INTO tag_values (day, name, value)
SELECT day, name, value
FROM (
    SELECT day, name, value, row_number() OVER (PARTITION BY day, name ORDER BY first, value) AS place
    FROM (
        SELECT day, given.key AS name, given.value AS value, min(first) AS first
        FROM (
            SELECT started / 86400000000 * 86400 AS day, tags, min(started) AS first
            FROM attempts
            WHERE batch = ANY ($1::bigint[]) AND tags <> ''
            GROUP BY 1, 2
        ) AS written
        CROSS JOIN LATERAL jsonb_each_text(tags::jsonb) AS given
        GROUP BY 1, 2, 3
    ) AS coming
    WHERE NOT EXISTS (
        SELECT 1 FROM tag_values AS known
        WHERE known.day = coming.day AND known.name = coming.name AND known.value = coming.value
    )
) AS fresh
WHERE place <= $2::bigint - (
    SELECT count(*) FROM tag_values AS known WHERE known.day = fresh.day AND known.name = fresh.name
)
ON CONFLICT DO NOTHING;

-- name: sum_up
-- Add the attempts of some batches to the sums by the hour and the day. Those that agree in everything are summed first,
-- and told apart by their tags then.
WITH written AS MATERIALIZED (
    SELECT
        period, tags, org, team, "user", key, model, provider, outcome,
        sum(requests)::bigint AS requests, sum(attempts)::bigint AS attempts, sum(errors)::bigint AS errors,
        sum(input_tokens)::bigint AS input_tokens, sum(cached_tokens)::bigint AS cached_tokens,
        sum(cache_write_tokens)::bigint AS cache_write_tokens, sum(output_tokens)::bigint AS output_tokens,
        sum(reasoning_tokens)::bigint AS reasoning_tokens, sum(cost)::bigint AS cost, sum(unpriced)::bigint AS unpriced,
        sum(saved)::bigint AS saved, sum(timed)::bigint AS timed, sum(first_bytes)::bigint AS first_bytes,
        sum(first_byte_us)::bigint AS first_byte_us, sum(ms_10)::bigint AS ms_10, sum(ms_25)::bigint AS ms_25,
        sum(ms_50)::bigint AS ms_50, sum(ms_100)::bigint AS ms_100, sum(ms_150)::bigint AS ms_150, sum(ms_200)::bigint
        AS ms_200, sum(ms_300)::bigint AS ms_300, sum(ms_500)::bigint AS ms_500, sum(ms_700)::bigint AS ms_700,
        sum(ms_1000)::bigint AS ms_1000, sum(ms_1500)::bigint AS ms_1500, sum(ms_2000)::bigint AS ms_2000,
        sum(ms_3000)::bigint AS ms_3000, sum(ms_5000)::bigint AS ms_5000, sum(ms_7000)::bigint AS ms_7000,
        sum(ms_10000)::bigint AS ms_10000, sum(ms_20000)::bigint AS ms_20000, sum(ms_30000)::bigint AS ms_30000,
        sum(ms_60000)::bigint AS ms_60000, sum(ms_120000)::bigint AS ms_120000
    FROM attempt_figures
    WHERE batch = ANY ($1::bigint[])
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
    SELECT
        period, tag, value, org, team, "user", key, model, provider, outcome,
        sum(requests)::bigint AS requests, sum(attempts)::bigint AS attempts, sum(errors)::bigint AS errors,
        sum(input_tokens)::bigint AS input_tokens, sum(cached_tokens)::bigint AS cached_tokens,
        sum(cache_write_tokens)::bigint AS cache_write_tokens, sum(output_tokens)::bigint AS output_tokens,
        sum(reasoning_tokens)::bigint AS reasoning_tokens, sum(cost)::bigint AS cost, sum(unpriced)::bigint AS unpriced,
        sum(saved)::bigint AS saved, sum(timed)::bigint AS timed, sum(first_bytes)::bigint AS first_bytes,
        sum(first_byte_us)::bigint AS first_byte_us, sum(ms_10)::bigint AS ms_10, sum(ms_25)::bigint AS ms_25,
        sum(ms_50)::bigint AS ms_50, sum(ms_100)::bigint AS ms_100, sum(ms_150)::bigint AS ms_150, sum(ms_200)::bigint
        AS ms_200, sum(ms_300)::bigint AS ms_300, sum(ms_500)::bigint AS ms_500, sum(ms_700)::bigint AS ms_700,
        sum(ms_1000)::bigint AS ms_1000, sum(ms_1500)::bigint AS ms_1500, sum(ms_2000)::bigint AS ms_2000,
        sum(ms_3000)::bigint AS ms_3000, sum(ms_5000)::bigint AS ms_5000, sum(ms_7000)::bigint AS ms_7000,
        sum(ms_10000)::bigint AS ms_10000, sum(ms_20000)::bigint AS ms_20000, sum(ms_30000)::bigint AS ms_30000,
        sum(ms_60000)::bigint AS ms_60000, sum(ms_120000)::bigint AS ms_120000
    FROM tagged
    GROUP BY period, tag, value, org, team, "user", key, model, provider, outcome
), hours AS (
    INSERT INTO usage_hours
    SELECT * FROM lines
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
        ms_120000 = usage_hours.ms_120000 + excluded.ms_120000
)
INSERT INTO usage_days
SELECT
    period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome,
    sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
    sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
    sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint, sum(timed)::bigint,
    sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint, sum(ms_25)::bigint, sum(ms_50)::bigint,
    sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint, sum(ms_300)::bigint, sum(ms_500)::bigint,
    sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint, sum(ms_2000)::bigint, sum(ms_3000)::bigint,
    sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint, sum(ms_20000)::bigint, sum(ms_30000)::bigint,
    sum(ms_60000)::bigint, sum(ms_120000)::bigint
FROM lines
GROUP BY period / 86400 * 86400, tag, value, org, team, "user", key, model, provider, outcome
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

-- name: sum_up_markups
-- Add the mark-ups of some batches to their sums, once their tags' values have their lines.
SELECT sum_up_markups($1::bigint[]);
