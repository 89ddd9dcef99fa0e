-- name: budget_holder
-- A process's last batch, what it was answered, and whether it was given up.
SELECT number, reply, fenced FROM budget_holders WHERE holder = $1 FOR UPDATE;

-- name: last_budget_batch
-- The number of a process's last batch.
SELECT number FROM budget_holders WHERE holder = $1;

-- name: make_budget
-- A budget of which nothing is spent, where there is none.
INSERT INTO budgets (id, spent) VALUES ($1, 0) ON CONFLICT DO NOTHING;

-- name: budgets
-- What is spent of several budgets, by a JSON array of ids; nobody else changes it until the transaction ends.
SELECT id, spent FROM budgets WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id FOR UPDATE;

-- name: spent
-- The same, to look at.
SELECT id, spent FROM budgets WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id;

-- name: budget_leases
-- What of these is lent, and to whom.
SELECT budget, holder, amount FROM budget_leases WHERE budget IN (SELECT json_array_elements_text($1::json));

-- name: paid_in
-- What was paid into several budgets.
SELECT budget, CAST(sum(amount) AS BIGINT) FROM payments WHERE budget IN (SELECT json_array_elements_text($1::json)) GROUP BY budget;

-- name: spend
-- So much more is spent of a budget.
UPDATE budgets SET spent = spent + $1 WHERE id = $2;

-- name: lend_budget
-- So much of a budget is lent to a process, as long as it is not spent or lent otherwise. What it keeps of what it had
-- ($4) is granted in any case.
INSERT INTO budget_leases (budget, holder, amount)
SELECT id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM budgets
WHERE id = $1 AND (
    CAST($3 AS BIGINT) <= CAST($4 AS BIGINT)
    OR spent + CAST($3 AS BIGINT) + (
        SELECT coalesce(sum(amount), 0) FROM budget_leases AS others WHERE others.budget = $1 AND others.holder <> $2
    ) <= CAST($5 AS BIGINT)
)
ON CONFLICT (budget, holder) DO UPDATE SET amount = excluded.amount;

-- name: end_budget_lease
-- Nothing of a budget is lent to a process any more.
DELETE FROM budget_leases WHERE budget = $1 AND holder = $2;

-- name: set_budget_holder
-- A process has sent a batch.
INSERT INTO budget_holders (holder, number, reply, seen, ends) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (holder) DO UPDATE SET
    number = excluded.number,
    reply = excluded.reply,
    seen = excluded.seen,
    ends = excluded.ends;

-- name: held_budgets
-- All that is lent, in the order of the fields of `trunkline.store.limit_books.HeldBudget`.
SELECT budget_leases.holder, budget, amount, seen, ends
FROM budget_leases JOIN budget_holders ON budget_holders.holder = budget_leases.holder
ORDER BY seen, budget_leases.holder, budget;

-- name: fence_budget_holder
-- A process is given up.
UPDATE budget_holders SET fenced = 1 WHERE holder = $1 AND fenced = 0;

-- name: end_budget_leases
-- What it held is lent no more.
DELETE FROM budget_leases WHERE holder = $1;

-- name: reach_alert
-- A part of a budget is reached; nothing where it was before.
INSERT INTO budget_alerts (budget, percent, reached) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: untold_alerts
-- Parts of budgets that are reached and of which nobody has been told, the oldest first.
SELECT budget, percent, reached FROM budget_alerts WHERE told IS NULL ORDER BY reached, budget, percent;

-- name: tell_alert
-- Somebody tells of it now; nothing where another has done so before.
UPDATE budget_alerts SET told = $1 WHERE budget = $2 AND percent = $3 AND told IS NULL;

-- name: pay_in
-- A payment; nothing where it was entered before.
INSERT INTO payments (reference, budget, amount, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;
