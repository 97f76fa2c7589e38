"""From a body to an object that is kept, changed or on its way out."""
