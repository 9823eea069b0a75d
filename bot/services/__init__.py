"""Services: plain async functions over a connection, with the SQL of one subject in each module. None commits."""
