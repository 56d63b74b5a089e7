"""Tests of bookmarks and state."""
