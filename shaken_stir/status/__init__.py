"""Where every number stands, and why: one model, read from the progress table, for terminal, CSV, JSON and page."""
