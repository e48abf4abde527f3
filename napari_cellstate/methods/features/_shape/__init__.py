"""Parts of the set `shape`; what is compiled is so when it is first used."""
