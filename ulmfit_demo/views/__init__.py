"""Results → HTML strings, one module a tab. Every visitor text is escaped here; computes nothing."""
