"""Services and what leads to them: routes, endpoints, webhooks and the certificates that these trust."""
