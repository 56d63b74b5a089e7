"""Tests of the dbt package on DuckDB and PostgreSQL, in a separate environment: `make e2e`."""
