"""Data that ships with kfinstall."""
