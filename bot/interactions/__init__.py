"""The parts that commands and components share: routing of components, permissions, and caches."""
