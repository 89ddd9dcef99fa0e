"""What a caller may use: reserve before, settle after.

    meter      one limit of one scope, and the windows it counts in
    books      the shared truth of one meter: what was used, and what is lent to which process
    pool       the books of many meters: what a process says to them, and what it hears (the twin of the databases)
    share      one process's part of a meter: the numbers that the hot path compares and lowers
    holder     one process's shares: when to ask for more, what to give back, what to do when nobody answers
    ticket     the shares of all scopes of one request, taken all at once or none

    periods    days, weeks and months of a budget, in its time zone
    budgets    money: what is left, what to tell at 50 %, what to do at 100 %
    queueing   waiting a little instead of a 429
    loops      the same request over and over, and sessions that run away

Nothing here asks for the time or does I/O: both come from whoever calls. docs/decisions/0015-limits-and-leases.md
states what is promised and why it holds.
"""
