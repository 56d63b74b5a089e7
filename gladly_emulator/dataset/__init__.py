"""The invented organization, and the exports, lists, reports and events generated for it."""
