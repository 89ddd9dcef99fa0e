"""Fitting a model on prompts whose outcome with a cheap and a strong model is known. Imports numpy.

`examples` reads them, `table` makes numbers of them, `fit` makes a model of a table, `validate` says by
cross-validation how good such a model is, and `plot` draws that. `boosting`, `ridge`, `spaces` and `blend` are what
`fit` is made of; `folds` keeps near duplicates together.
"""
