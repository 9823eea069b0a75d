"""The model of records: kinds and fields, types of values, the fold that computes a state, and conclusions from it."""
