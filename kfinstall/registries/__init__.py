"""Container registries, asked whether they have an image: https://github.com/opencontainers/distribution-spec."""
