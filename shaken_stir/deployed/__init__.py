"""The product as it is deployed on AWS: looked at, asked to work, watched."""
