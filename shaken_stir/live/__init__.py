"""The product on a real Twilio account: what is there, what a run would do, and a guard that lets only GETs out."""
