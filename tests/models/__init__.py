"""The dbt package on DuckDB and PostgreSQL, in an environment of its own: `make e2e`."""
