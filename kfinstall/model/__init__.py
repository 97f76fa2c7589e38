"""The Install document: what a user asks for, as one file."""
