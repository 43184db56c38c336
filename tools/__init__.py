"""What writes the generated pages: `make docs` runs all of it."""
