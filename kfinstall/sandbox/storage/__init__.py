"""The objects and their history; lists and watches of them, by selectors and in pages."""
