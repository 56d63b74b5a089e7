"""The tour of `make demo`: an emulated Gladly, loaded into DuckDB by Meltano, looked at and checked."""
