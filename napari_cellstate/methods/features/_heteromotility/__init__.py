"""The numbers of the set `heteromotility`, one file a family of columns, each compiled when it is first used."""
