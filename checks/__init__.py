"""One module per area that the doctor looks at."""
