"""What RDS refuses about a new database."""

# https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
_POSTGRESQL_MAJORS = ("13", "14", "15", "16", "17", "18")
