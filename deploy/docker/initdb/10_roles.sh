#!/bin/bash
# Run once by the image "postgres", in a new database: the role that migrates and
# the one of the application, which owns nothing.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'END'
\getenv deploy DEPLOY_PASSWORD
\getenv app APP_PASSWORD
CREATE ROLE shop_deploy LOGIN PASSWORD :'deploy';
CREATE ROLE shop_app LOGIN PASSWORD :'app';
GRANT CREATE ON SCHEMA public TO shop_deploy;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_deploy IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_deploy IN SCHEMA public GRANT USAGE ON SEQUENCES TO shop_app;
END
