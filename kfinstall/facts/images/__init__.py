"""Images: where they stand in objects, where they come from, and how pulls go."""
