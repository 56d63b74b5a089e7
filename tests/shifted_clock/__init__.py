"""The clock that `pytest --clock` sets."""
