"""Tests of export jobs and their files."""
