"""Tests of messages, batch files, stream maps and the run summary."""
