-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_slipway" to load this file. \quit

-- Roles get into the schema only through slipway.grant_role().
REVOKE ALL ON SCHEMA slipway FROM PUBLIC;
