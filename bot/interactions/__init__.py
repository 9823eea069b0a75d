"""What commands and components have in common: routing, permissions, and what is kept for the next one."""
