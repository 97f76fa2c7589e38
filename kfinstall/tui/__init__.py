"""The guided interface in a terminal: the only package that imports textual."""
