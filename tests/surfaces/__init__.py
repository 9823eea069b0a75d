"""The promise that every line people read takes its date and source from its own facts, held on random ledgers."""
