"""Export jobs and their files."""
