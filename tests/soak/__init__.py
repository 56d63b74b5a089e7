"""A long run under faults and kills: `python -m soak`."""
