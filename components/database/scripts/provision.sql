-- One database and its owner; run as superuser, as often as you like.
-- Variables: database, owner; the owner's password is in the environment, where no list of processes shows it.
\getenv password OWNER_PASSWORD

SELECT format('CREATE ROLE %I', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'owner')
\gexec

ALTER ROLE :"owner" LOGIN PASSWORD :'password';

-- a cloud's superuser gives databases only to roles that it is a member of
GRANT :"owner" TO CURRENT_USER;

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database')
\gexec

ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
