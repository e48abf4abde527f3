"""The numbers of the set `motility`, one file a question, each compiled when it is first used."""
