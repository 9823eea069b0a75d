"""What records are: their kinds and fields, the types of values, and the fold that computes a state. Pure functions."""
