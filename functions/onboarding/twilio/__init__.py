"""What goes to Twilio, and what comes from it."""
