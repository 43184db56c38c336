"""The command `shaken-stir`."""
