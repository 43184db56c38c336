"""Stories that play on the local stack: what happens to a fleet, and what a person sees of it."""
