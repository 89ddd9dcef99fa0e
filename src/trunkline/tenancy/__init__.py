"""Whom requests are counted for: organisations, teams, users and keys, of the configuration and of the store.

What they say is worked out when they are loaded (`directory`), into one value for each key (`caller`); whoever changes
what is in the store does it through `managing`.
"""
