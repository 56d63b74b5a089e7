"""Tests of the streams, in the tap and on its command line."""
