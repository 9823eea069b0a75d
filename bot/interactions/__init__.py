"""Code that commands and components share: the component router, the permissions of users, and caches."""
