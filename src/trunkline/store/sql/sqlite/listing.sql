-- name: daily
-- Sums of whole days, which begin and end at these times (seconds), in the order of the fields of `DailyLine`.
-- (What the sums lack is found by its number; `+` keeps its time from being looked up instead.)
WITH lines AS (
    SELECT period, org, team, user, key, provider, model, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, 0 AS markup
    FROM usage_days WHERE tag = '' AND period >= ?1 AND period < ?2
    UNION ALL
    SELECT period, org, team, user, key, provider, model, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_days WHERE tag = '' AND period >= ?1 AND period < ?2
    UNION ALL
    SELECT period / 86400 * 86400, org, team, user, key, provider, model, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, markup
    FROM tagged_figures
    WHERE tag = '' AND id > (SELECT attempt FROM summed)
        AND +started >= ?1 * 1000000 AND +started < ?2 * 1000000
)
SELECT
    period, org, team, user, key, provider, model,
    sum(requests), sum(attempts), sum(errors), sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens),
    sum(output_tokens), sum(reasoning_tokens), sum(cost), sum(unpriced), sum(saved), sum(markup)
FROM lines
GROUP BY period, org, team, user, key, provider, model
HAVING sum(attempts) > 0
ORDER BY period, org, team, user, key, provider, model;

-- name: attempts
-- The rows after one (its start, request and attempt) that began before a time, at most so many, in their order.
SELECT
    substr(lower(hex(request)), 1, 8) || '-' || substr(lower(hex(request)), 9, 4) || '-'
        || substr(lower(hex(request)), 13, 4) || '-' || substr(lower(hex(request)), 17, 4) || '-'
        || substr(lower(hex(request)), 21),
    attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us,
    org, team, user, tags, saved, price, markup
FROM attempts
WHERE started >= ?1 AND started < ?4 AND (started, request, attempt) > (?1, unhex(?2, '-'), ?3)
ORDER BY started, request, attempt
LIMIT ?5;
