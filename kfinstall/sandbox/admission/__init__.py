"""What is filled into an object, or refused, before it is kept."""
