"""Stand-in for the AWS provider plugin: every operation is a boto3 call against the AWS endpoint of the sandbox."""
