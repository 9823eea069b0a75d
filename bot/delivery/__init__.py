"""Deliveries to Discord: when each kind is planned, how its message is rendered, and how it is sent once, or marked as a possible repeat."""
