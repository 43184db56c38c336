"""The product simulated: the whole of it on this machine, with a simulated Twilio."""
