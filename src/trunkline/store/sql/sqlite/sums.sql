-- name: unsummed
-- Up to which attempt the sums go, and up to which they shall; nothing where only so few are missing.
SELECT summed.attempt, min(newest.id, summed.attempt + ?1)
FROM summed
JOIN (SELECT max(id) AS id FROM attempts) AS newest ON newest.id > summed.attempt + ?2;

-- name: new_tag_values
-- The values of tags that come first in a day, up to a number of them, get lines of their own.
INSERT INTO tag_values (day, name, value)
SELECT day, name, value
FROM (
    SELECT day, name, value, row_number() OVER (PARTITION BY day, name ORDER BY first, value) AS place
    FROM (
        SELECT day, given.key AS name, given.value AS value, min(first) AS first
        FROM (
            SELECT started / 86400000000 * 86400 AS day, tags, min(id) AS first
            FROM attempts
            WHERE id > ?1 AND id <= ?2 AND tags <> ''
            GROUP BY 1, 2
        ) AS written
        JOIN json_each(tags) AS given
        GROUP BY 1, 2, 3
    ) AS coming
    WHERE NOT EXISTS (
        SELECT 1 FROM tag_values AS known
        WHERE known.day = coming.day AND known.name = coming.name AND known.value = coming.value
    )
) AS fresh
WHERE place <= ?3 - (SELECT count(*) FROM tag_values AS known WHERE known.day = fresh.day AND known.name = fresh.name);

-- name: make_summing
-- Where a connection that writes puts the figures of some attempts, summed by the hour, on their way to the sums.
CREATE TEMP TABLE summing AS SELECT * FROM usage_hours LIMIT 0;

-- name: sum_up
-- The figures of some attempts. Those that agree in everything are summed first, and told apart by their tags then.
WITH written AS MATERIALIZED (
    SELECT
        period, tags, org, team, user, key, model, provider, outcome,
        sum(requests) AS requests, sum(attempts) AS attempts, sum(errors) AS errors, sum(input_tokens) AS input_tokens,
        sum(cached_tokens) AS cached_tokens, sum(cache_write_tokens) AS cache_write_tokens, sum(output_tokens) AS
        output_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(cost) AS cost, sum(unpriced) AS unpriced,
        sum(saved) AS saved, sum(timed) AS timed, sum(first_bytes) AS first_bytes, sum(first_byte_us) AS first_byte_us,
        sum(ms_10) AS ms_10, sum(ms_25) AS ms_25, sum(ms_50) AS ms_50, sum(ms_100) AS ms_100, sum(ms_150) AS ms_150,
        sum(ms_200) AS ms_200, sum(ms_300) AS ms_300, sum(ms_500) AS ms_500, sum(ms_700) AS ms_700, sum(ms_1000) AS
        ms_1000, sum(ms_1500) AS ms_1500, sum(ms_2000) AS ms_2000, sum(ms_3000) AS ms_3000, sum(ms_5000) AS ms_5000,
        sum(ms_7000) AS ms_7000, sum(ms_10000) AS ms_10000, sum(ms_20000) AS ms_20000, sum(ms_30000) AS ms_30000,
        sum(ms_60000) AS ms_60000, sum(ms_120000) AS ms_120000
    FROM attempt_figures
    WHERE id > ?1 AND id <= ?2
    GROUP BY period, tags, org, team, user, key, model, provider, outcome
), tagged AS (
    SELECT '' AS tag, '' AS value, * FROM written
    UNION ALL
    SELECT given.key, coalesce(known.value, '(other)'), written.*
    FROM written
    JOIN json_each(nullif(tags, '')) AS given
    LEFT JOIN tag_values AS known
        ON known.day = period / 86400 * 86400 AND known.name = given.key AND known.value = given.value
)
INSERT INTO summing (
    period, tag, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
    cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, timed, first_bytes,
    first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000,
    ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
)
SELECT
    period, tag, value, org, team, user, key, model, provider, outcome,
    sum(requests), sum(attempts), sum(errors), sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens),
    sum(output_tokens), sum(reasoning_tokens), sum(cost), sum(unpriced), sum(saved), sum(timed), sum(first_bytes),
    sum(first_byte_us), sum(ms_10), sum(ms_25), sum(ms_50), sum(ms_100), sum(ms_150), sum(ms_200), sum(ms_300),
    sum(ms_500), sum(ms_700), sum(ms_1000), sum(ms_1500), sum(ms_2000), sum(ms_3000), sum(ms_5000), sum(ms_7000),
    sum(ms_10000), sum(ms_20000), sum(ms_30000), sum(ms_60000), sum(ms_120000)
FROM tagged
GROUP BY period, tag, value, org, team, user, key, model, provider, outcome;

-- name: add_to_hours
-- Add them to the sums by the hour.
INSERT INTO usage_hours
SELECT * FROM summing WHERE true
ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
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

-- name: add_to_days
-- Add them to the sums by the day.
INSERT INTO usage_days (
    period, tag, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
    cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, timed, first_bytes,
    first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000,
    ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
)
SELECT
    period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome,
    sum(requests), sum(attempts), sum(errors), sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens),
    sum(output_tokens), sum(reasoning_tokens), sum(cost), sum(unpriced), sum(saved), sum(timed), sum(first_bytes),
    sum(first_byte_us), sum(ms_10), sum(ms_25), sum(ms_50), sum(ms_100), sum(ms_150), sum(ms_200), sum(ms_300),
    sum(ms_500), sum(ms_700), sum(ms_1000), sum(ms_1500), sum(ms_2000), sum(ms_3000), sum(ms_5000), sum(ms_7000),
    sum(ms_10000), sum(ms_20000), sum(ms_30000), sum(ms_60000), sum(ms_120000)
FROM summing
WHERE true
GROUP BY period / 86400 * 86400, tag, value, org, team, user, key, model, provider, outcome
ON CONFLICT (tag, period, value, org, team, user, key, model, provider, outcome) DO UPDATE SET
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

-- name: empty_summing
-- They are added.
DELETE FROM summing;

-- name: summed_up_to
-- The sums go up to this attempt.
UPDATE summed SET attempt = ?1;
