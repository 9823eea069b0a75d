"""Everything that people read: pure functions that render records as Discord messages, without any I/O."""
