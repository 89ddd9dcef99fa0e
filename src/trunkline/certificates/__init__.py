"""The certificates of a configuration: what is wrong with them, how long they are good, and how they are renewed.

uses.uses            where the configuration names files of TLS
flaws.flaws          what is wrong with them, for `check` and `doctor`
follower.Follower    keeps the contexts in use as their files are, and counts what happens to them
"""
