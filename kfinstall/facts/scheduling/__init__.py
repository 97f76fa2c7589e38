"""Where pods may run: room, placement, topology, accelerators, and what would make room."""
