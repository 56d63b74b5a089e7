"""Tests of the shape report."""
