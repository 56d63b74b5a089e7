"""Messages, batch files, stream maps, and what a run reports."""
