"""The kinds that are served, and what an object of each looks like: schemas, defaults, custom resources."""
