"""What is around each cell, compiled when it is first used."""
