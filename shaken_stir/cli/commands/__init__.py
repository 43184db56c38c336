"""What can be typed: a module for each command, with its options; what it does is imported when it is run."""
