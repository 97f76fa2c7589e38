"""Changes to objects by fields: patches, and who set what."""
