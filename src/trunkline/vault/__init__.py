"""Encryption at rest: what is kept of prompts, answers and secrets is readable with the master key only.

    master key ──wraps──► data key of a tenant and a UTC day ──seals──► record

The master key comes from the operator and is never stored; data keys are in the store, wrapped. To change the master
key, the data keys are wrapped anew; to erase a tenant's days, their data keys are destroyed.
docs/decisions/0009-encryption-at-rest.md says why it is so.
"""
