"""How requests come and how answers go: HTTP, bodies in each encoding, options, forms of answers, discovery."""
