"""What the parts of kfinstall say to each other: protocols and frozen data, no behaviour."""
