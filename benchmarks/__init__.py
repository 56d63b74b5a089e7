"""How fast the tap is, measured side by side with other ways to do its work."""
