"""What runs on a developer's machine only: AWS on moto, a simulated Twilio, and a run from start to finish."""
