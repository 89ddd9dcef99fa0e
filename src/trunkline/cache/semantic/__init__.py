"""Answers to questions that were asked before in other words, and seldom a wrong one.

    question = ask(text, vector)                                     # the last turn of the user
    found = cache.look_up(partition, question, now, chance=random()) # everything else of the request is its partition
    if isinstance(found, Hit):                                       # found.entry.reply is the reply
        ...                                                          # where found.verify, ask upstream all the same
    cache.store(partition, question, answer(text, vector), reply, found.trace, now, ttl)   # what upstream said

The neighbours of a question vote for their answers (`vote`); those that cannot have the same answer are not asked
(`facts`); how likely the vote is wrong is learnt from every answer that upstream gives (`risk`), so that a share of
wrong answers can be kept. Why it is so, and what was measured: decision 0014. No I/O, no clock, no randomness: they are
passed in. Not thread-safe. Needs the extra `semantic` (numpy).
"""

from trunkline.cache.semantic.answers import Answer, answer, same
from trunkline.cache.semantic.cache import SemanticCache, partition_of
from trunkline.cache.semantic.entry import Damaged, Entry, Question, ask
from trunkline.cache.semantic.facts import agree, facts
from trunkline.cache.semantic.partition import Hit, Miss, Trace

__all__ = [
    "Answer",
    "Damaged",
    "Entry",
    "Hit",
    "Miss",
    "Question",
    "SemanticCache",
    "Trace",
    "agree",
    "answer",
    "ask",
    "facts",
    "partition_of",
    "same",
]
