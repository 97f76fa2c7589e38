"""Registries on loopback, for the tests: Debian's docker-registry, and one that wants tokens or asks to go slower."""
