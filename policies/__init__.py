"""The policy pack of the platform; Pulumi runs this directory, tests import it."""
