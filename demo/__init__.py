"""`make demo`: load an emulated Gladly into DuckDB with Meltano, then show and check the data."""
