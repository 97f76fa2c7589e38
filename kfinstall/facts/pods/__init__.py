"""Pods: what one needs to start, how far it is, and in which words its trouble is told."""
