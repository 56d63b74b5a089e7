"""Bookmarks: what each stream has loaded."""
