"""What all of these tests need before any engine is started."""

# An engine imports the layer and the functions afresh, and takes what was imported meanwhile along with it.
import shaken_stir.cli.arguments  # noqa: F401
