"""What commands and components share: routing of components, permissions, and caches."""
