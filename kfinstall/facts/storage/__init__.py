"""Volumes, claims and who makes them."""
