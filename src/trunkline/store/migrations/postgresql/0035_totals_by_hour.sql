-- compatible: 2
-- Sums by the hour of everything together, and of each organisation, team, model, provider and outcome, so that a
-- report by the hour on one of these reads a line for each hour rather than one for each combination in it. (Keys and
-- users are nearly as many as combinations.)

-- The lines of `usage_hours` without a tag and of `markup_hours`, summed; kept up by triggers, whichever release writes
-- those. (Copying loads tables in the order of their names: this one after those, in place of what triggers made.)
CREATE TABLE usage_totals (
    scope TEXT COLLATE "C" NOT NULL,   -- 'org', 'team', …; empty for everything
    name TEXT COLLATE "C" NOT NULL,
    period BIGINT NOT NULL,   -- Unix time, seconds: the first of the hour
    requests BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    errors BIGINT NOT NULL DEFAULT 0,
    input_tokens BIGINT NOT NULL DEFAULT 0,
    cached_tokens BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens BIGINT NOT NULL DEFAULT 0,
    output_tokens BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens BIGINT NOT NULL DEFAULT 0,
    cost BIGINT NOT NULL DEFAULT 0,
    unpriced BIGINT NOT NULL DEFAULT 0,
    saved BIGINT NOT NULL DEFAULT 0,
    timed BIGINT NOT NULL DEFAULT 0,
    first_bytes BIGINT NOT NULL DEFAULT 0,
    first_byte_us BIGINT NOT NULL DEFAULT 0,
    ms_10 BIGINT NOT NULL DEFAULT 0,
    ms_25 BIGINT NOT NULL DEFAULT 0,
    ms_50 BIGINT NOT NULL DEFAULT 0,
    ms_100 BIGINT NOT NULL DEFAULT 0,
    ms_150 BIGINT NOT NULL DEFAULT 0,
    ms_200 BIGINT NOT NULL DEFAULT 0,
    ms_300 BIGINT NOT NULL DEFAULT 0,
    ms_500 BIGINT NOT NULL DEFAULT 0,
    ms_700 BIGINT NOT NULL DEFAULT 0,
    ms_1000 BIGINT NOT NULL DEFAULT 0,
    ms_1500 BIGINT NOT NULL DEFAULT 0,
    ms_2000 BIGINT NOT NULL DEFAULT 0,
    ms_3000 BIGINT NOT NULL DEFAULT 0,
    ms_5000 BIGINT NOT NULL DEFAULT 0,
    ms_7000 BIGINT NOT NULL DEFAULT 0,
    ms_10000 BIGINT NOT NULL DEFAULT 0,
    ms_20000 BIGINT NOT NULL DEFAULT 0,
    ms_30000 BIGINT NOT NULL DEFAULT 0,
    ms_60000 BIGINT NOT NULL DEFAULT 0,
    ms_120000 BIGINT NOT NULL DEFAULT 0,
    markup BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, name, period)
) WITH (fillfactor = 60);  -- room for the next values of a line beside it

CREATE FUNCTION add_begun_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
        ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000,
        ms_30000, ms_60000, ms_120000
    )
    SELECT
        CASE
            WHEN grouping(org) = 0 THEN 'org'
            WHEN grouping(team) = 0 THEN 'team'
            WHEN grouping(model) = 0 THEN 'model'
            WHEN grouping(provider) = 0 THEN 'provider'
            WHEN grouping(outcome) = 0 THEN 'outcome'
            ELSE ''
        END,
        coalesce(org, team, model, provider, outcome, ''),
        period, sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
        sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
        sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint, sum(timed)::bigint,
        sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint, sum(ms_25)::bigint,
        sum(ms_50)::bigint, sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint, sum(ms_300)::bigint,
        sum(ms_500)::bigint, sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint, sum(ms_2000)::bigint,
        sum(ms_3000)::bigint, sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint, sum(ms_20000)::bigint,
        sum(ms_30000)::bigint, sum(ms_60000)::bigint, sum(ms_120000)::bigint
    FROM changed
    WHERE tag = ''
    GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome))
    ON CONFLICT (scope, name, period) DO UPDATE SET
        requests = usage_totals.requests + excluded.requests,
        attempts = usage_totals.attempts + excluded.attempts,
        errors = usage_totals.errors + excluded.errors,
        input_tokens = usage_totals.input_tokens + excluded.input_tokens,
        cached_tokens = usage_totals.cached_tokens + excluded.cached_tokens,
        cache_write_tokens = usage_totals.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage_totals.output_tokens + excluded.output_tokens,
        reasoning_tokens = usage_totals.reasoning_tokens + excluded.reasoning_tokens,
        cost = usage_totals.cost + excluded.cost,
        unpriced = usage_totals.unpriced + excluded.unpriced,
        saved = usage_totals.saved + excluded.saved,
        timed = usage_totals.timed + excluded.timed,
        first_bytes = usage_totals.first_bytes + excluded.first_bytes,
        first_byte_us = usage_totals.first_byte_us + excluded.first_byte_us,
        ms_10 = usage_totals.ms_10 + excluded.ms_10,
        ms_25 = usage_totals.ms_25 + excluded.ms_25,
        ms_50 = usage_totals.ms_50 + excluded.ms_50,
        ms_100 = usage_totals.ms_100 + excluded.ms_100,
        ms_150 = usage_totals.ms_150 + excluded.ms_150,
        ms_200 = usage_totals.ms_200 + excluded.ms_200,
        ms_300 = usage_totals.ms_300 + excluded.ms_300,
        ms_500 = usage_totals.ms_500 + excluded.ms_500,
        ms_700 = usage_totals.ms_700 + excluded.ms_700,
        ms_1000 = usage_totals.ms_1000 + excluded.ms_1000,
        ms_1500 = usage_totals.ms_1500 + excluded.ms_1500,
        ms_2000 = usage_totals.ms_2000 + excluded.ms_2000,
        ms_3000 = usage_totals.ms_3000 + excluded.ms_3000,
        ms_5000 = usage_totals.ms_5000 + excluded.ms_5000,
        ms_7000 = usage_totals.ms_7000 + excluded.ms_7000,
        ms_10000 = usage_totals.ms_10000 + excluded.ms_10000,
        ms_20000 = usage_totals.ms_20000 + excluded.ms_20000,
        ms_30000 = usage_totals.ms_30000 + excluded.ms_30000,
        ms_60000 = usage_totals.ms_60000 + excluded.ms_60000,
        ms_120000 = usage_totals.ms_120000 + excluded.ms_120000;
    RETURN NULL;
END;
$$;

CREATE FUNCTION add_changed_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
        ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000,
        ms_30000, ms_60000, ms_120000
    )
    SELECT
        CASE
            WHEN grouping(org) = 0 THEN 'org'
            WHEN grouping(team) = 0 THEN 'team'
            WHEN grouping(model) = 0 THEN 'model'
            WHEN grouping(provider) = 0 THEN 'provider'
            WHEN grouping(outcome) = 0 THEN 'outcome'
            ELSE ''
        END,
        coalesce(org, team, model, provider, outcome, ''),
        period, sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
        sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
        sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint, sum(timed)::bigint,
        sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint, sum(ms_25)::bigint,
        sum(ms_50)::bigint, sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint, sum(ms_300)::bigint,
        sum(ms_500)::bigint, sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint, sum(ms_2000)::bigint,
        sum(ms_3000)::bigint, sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint, sum(ms_20000)::bigint,
        sum(ms_30000)::bigint, sum(ms_60000)::bigint, sum(ms_120000)::bigint
    FROM (
        SELECT
            period, org, team, model, provider, outcome, requests, attempts, errors, input_tokens, cached_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, timed, first_bytes,
            first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500,
            ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
        FROM changed
        WHERE tag = ''
        UNION ALL
        SELECT
            period, org, team, model, provider, outcome, -requests, -attempts, -errors, -input_tokens, -cached_tokens,
            -cache_write_tokens, -output_tokens, -reasoning_tokens, -cost, -unpriced, -saved, -timed, -first_bytes,
            -first_byte_us, -ms_10, -ms_25, -ms_50, -ms_100, -ms_150, -ms_200, -ms_300, -ms_500, -ms_700, -ms_1000,
            -ms_1500, -ms_2000, -ms_3000, -ms_5000, -ms_7000, -ms_10000, -ms_20000, -ms_30000, -ms_60000, -ms_120000
        FROM replaced
        WHERE tag = ''
    ) AS difference
    GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome))
    ON CONFLICT (scope, name, period) DO UPDATE SET
        requests = usage_totals.requests + excluded.requests,
        attempts = usage_totals.attempts + excluded.attempts,
        errors = usage_totals.errors + excluded.errors,
        input_tokens = usage_totals.input_tokens + excluded.input_tokens,
        cached_tokens = usage_totals.cached_tokens + excluded.cached_tokens,
        cache_write_tokens = usage_totals.cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = usage_totals.output_tokens + excluded.output_tokens,
        reasoning_tokens = usage_totals.reasoning_tokens + excluded.reasoning_tokens,
        cost = usage_totals.cost + excluded.cost,
        unpriced = usage_totals.unpriced + excluded.unpriced,
        saved = usage_totals.saved + excluded.saved,
        timed = usage_totals.timed + excluded.timed,
        first_bytes = usage_totals.first_bytes + excluded.first_bytes,
        first_byte_us = usage_totals.first_byte_us + excluded.first_byte_us,
        ms_10 = usage_totals.ms_10 + excluded.ms_10,
        ms_25 = usage_totals.ms_25 + excluded.ms_25,
        ms_50 = usage_totals.ms_50 + excluded.ms_50,
        ms_100 = usage_totals.ms_100 + excluded.ms_100,
        ms_150 = usage_totals.ms_150 + excluded.ms_150,
        ms_200 = usage_totals.ms_200 + excluded.ms_200,
        ms_300 = usage_totals.ms_300 + excluded.ms_300,
        ms_500 = usage_totals.ms_500 + excluded.ms_500,
        ms_700 = usage_totals.ms_700 + excluded.ms_700,
        ms_1000 = usage_totals.ms_1000 + excluded.ms_1000,
        ms_1500 = usage_totals.ms_1500 + excluded.ms_1500,
        ms_2000 = usage_totals.ms_2000 + excluded.ms_2000,
        ms_3000 = usage_totals.ms_3000 + excluded.ms_3000,
        ms_5000 = usage_totals.ms_5000 + excluded.ms_5000,
        ms_7000 = usage_totals.ms_7000 + excluded.ms_7000,
        ms_10000 = usage_totals.ms_10000 + excluded.ms_10000,
        ms_20000 = usage_totals.ms_20000 + excluded.ms_20000,
        ms_30000 = usage_totals.ms_30000 + excluded.ms_30000,
        ms_60000 = usage_totals.ms_60000 + excluded.ms_60000,
        ms_120000 = usage_totals.ms_120000 + excluded.ms_120000;
    RETURN NULL;
END;
$$;

CREATE FUNCTION add_begun_markups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, markup
    )
    SELECT
        CASE
            WHEN grouping(org) = 0 THEN 'org'
            WHEN grouping(team) = 0 THEN 'team'
            WHEN grouping(model) = 0 THEN 'model'
            WHEN grouping(provider) = 0 THEN 'provider'
            WHEN grouping(outcome) = 0 THEN 'outcome'
            ELSE ''
        END,
        coalesce(org, team, model, provider, outcome, ''),
        period, sum(markup)::bigint
    FROM changed
    WHERE tag = ''
    GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome))
    ON CONFLICT (scope, name, period) DO UPDATE SET
        markup = usage_totals.markup + excluded.markup;
    RETURN NULL;
END;
$$;

CREATE FUNCTION add_changed_markups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, markup
    )
    SELECT
        CASE
            WHEN grouping(org) = 0 THEN 'org'
            WHEN grouping(team) = 0 THEN 'team'
            WHEN grouping(model) = 0 THEN 'model'
            WHEN grouping(provider) = 0 THEN 'provider'
            WHEN grouping(outcome) = 0 THEN 'outcome'
            ELSE ''
        END,
        coalesce(org, team, model, provider, outcome, ''),
        period, sum(markup)::bigint
    FROM (
        SELECT
            period, org, team, model, provider, outcome, markup
        FROM changed
        WHERE tag = ''
        UNION ALL
        SELECT
            period, org, team, model, provider, outcome, -markup
        FROM replaced
        WHERE tag = ''
    ) AS difference
    GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome))
    ON CONFLICT (scope, name, period) DO UPDATE SET
        markup = usage_totals.markup + excluded.markup;
    RETURN NULL;
END;
$$;

CREATE TRIGGER hours_begun AFTER INSERT ON usage_hours
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION add_begun_hours();
CREATE TRIGGER hours_changed AFTER UPDATE ON usage_hours
    REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION add_changed_hours();
CREATE TRIGGER markups_begun AFTER INSERT ON markup_hours
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION add_begun_markups();
CREATE TRIGGER markups_changed AFTER UPDATE ON markup_hours
    REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION add_changed_markups();

-- What is there already: after the triggers, which let nobody write to the two tables before this is committed.
INSERT INTO usage_totals (
    scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
    ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000,
    ms_60000, ms_120000
)
SELECT
    CASE
        WHEN grouping(org) = 0 THEN 'org'
        WHEN grouping(team) = 0 THEN 'team'
        WHEN grouping(model) = 0 THEN 'model'
        WHEN grouping(provider) = 0 THEN 'provider'
        WHEN grouping(outcome) = 0 THEN 'outcome'
        ELSE ''
    END,
    coalesce(org, team, model, provider, outcome, ''),
    period, sum(requests)::bigint, sum(attempts)::bigint, sum(errors)::bigint, sum(input_tokens)::bigint,
    sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, sum(output_tokens)::bigint,
    sum(reasoning_tokens)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(saved)::bigint, sum(timed)::bigint,
    sum(first_bytes)::bigint, sum(first_byte_us)::bigint, sum(ms_10)::bigint, sum(ms_25)::bigint, sum(ms_50)::bigint,
    sum(ms_100)::bigint, sum(ms_150)::bigint, sum(ms_200)::bigint, sum(ms_300)::bigint, sum(ms_500)::bigint,
    sum(ms_700)::bigint, sum(ms_1000)::bigint, sum(ms_1500)::bigint, sum(ms_2000)::bigint, sum(ms_3000)::bigint,
    sum(ms_5000)::bigint, sum(ms_7000)::bigint, sum(ms_10000)::bigint, sum(ms_20000)::bigint, sum(ms_30000)::bigint,
    sum(ms_60000)::bigint, sum(ms_120000)::bigint
FROM usage_hours
WHERE tag = ''
GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome));

INSERT INTO usage_totals (scope, name, period, markup)
SELECT
    CASE
        WHEN grouping(org) = 0 THEN 'org'
        WHEN grouping(team) = 0 THEN 'team'
        WHEN grouping(model) = 0 THEN 'model'
        WHEN grouping(provider) = 0 THEN 'provider'
        WHEN grouping(outcome) = 0 THEN 'outcome'
        ELSE ''
    END,
    coalesce(org, team, model, provider, outcome, ''),
    period, sum(markup)::bigint
FROM markup_hours
WHERE tag = ''
GROUP BY period, GROUPING SETS ((), (org), (team), (model), (provider), (outcome))
ON CONFLICT (scope, name, period) DO UPDATE SET markup = excluded.markup;
