"""The page on a fleet: what needs a person, every subaccount and its numbers, the Trust Product, the runs."""
