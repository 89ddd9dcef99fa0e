"""What the operator wrote, validated into one frozen snapshot.

    load.load(path, ...) -> schema.Config      everything wrong at once: problems.ConfigError
    watch.changes(path)                        when the file's content is another
    schema.schema(), reference.render()        the same settings for editors and for the docs
    names                                      how a model's name is looked up: aliases and wildcards

A file goes through `document` (YAML with positions) → `expand` (`${...}`) → `schema` (types, by pydantic) and
`check` (references between sections) → `Config`. Nothing is imported here: pydantic costs a tenth of a second, which
`trunkline --help` does not need.
"""
