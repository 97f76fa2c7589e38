"""The command line: options in, text or JSON out, an exit code."""
