"""A report about the shape of an account's data, without any of its values."""
