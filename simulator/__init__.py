"""A Trust Hub simulator: Twilio's Accounts, phone numbers and Trust Hub over HTTP, with state."""
