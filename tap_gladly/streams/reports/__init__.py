"""Reports: one stream per metric set."""
