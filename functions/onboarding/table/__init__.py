"""What the one table says, by what is recorded; the items are drawn up in docs/architecture.md.

Every write that could race is conditional. Phone numbers are written only by the execution that holds their
subaccount's lease, or corrected on the condition that nobody has written them meanwhile.
"""
