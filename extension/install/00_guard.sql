-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_slipway" to load this file. \quit

-- Made here, and not by CREATE EXTENSION, so that it goes with DROP EXTENSION
-- and cannot have been prepared by somebody else. Roles get into it through
-- slipway.grant_role().
CREATE SCHEMA slipway;
REVOKE ALL ON SCHEMA slipway FROM PUBLIC;
