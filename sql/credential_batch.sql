-- Batches: each item is given out once, and again only if its worker has died or somebody says so.
\i test/fixture/start.psql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_batch_admin, regress_batch_reader;
RESET client_min_messages;
DO $$
BEGIN
    FOR n IN 1 .. 6 LOOP
        PERFORM slipway.create_project('p' || n);
        PERFORM slipway.register_credential('p' || n, 'regress_batch_p' || n);
    END LOOP;
END
$$;
CALL project('bare');
SELECT outcome($$SELECT slipway.create_batch(NULL)$$);
SELECT outcome($$SELECT slipway.create_batch('{}')$$);
SELECT outcome($$SELECT slipway.create_batch('{p1,NULL}')$$);
SELECT outcome($$SELECT slipway.create_batch('{p1,p2,p1}')$$);
SELECT outcome($$SELECT slipway.create_batch('{p1,nowhere}')$$);
SELECT outcome($$SELECT slipway.create_batch('{p1,bare}')$$);
SELECT outcome($$SELECT slipway.create_batch('{p1}', options => NULL)$$);
SELECT outcome($$SELECT slipway.create_batch('{p1}', max_failures => 0)$$);
SELECT slipway.create_batch('{p3,p1,p2,p4}', 'first', '{"parallel": 2}', 2);
SELECT outcome($$SELECT slipway.create_batch('{p5}', 'first')$$);
SELECT slipway.create_batch('{p5,p6}');
SELECT batch, name, options, max_failures, items, waiting, created_by = session_user AS by FROM slipway.batch ORDER BY batch;

SELECT outcome($$SELECT * FROM slipway.claim_item(99)$$);
SELECT * FROM slipway.claim_item(1);
SELECT * FROM slipway.claim_item(1);
SELECT item, project, outcome, attempt, claimed_by = session_user AS by, pid = pg_backend_pid() AS me FROM slipway.batch_item WHERE batch = 1 ORDER BY item;
SELECT outcome($$SELECT slipway.finish_item(1, 1, 1, 'done')$$);
SELECT outcome($$SELECT slipway.finish_item(1, 1, 2, 'succeeded')$$);
SELECT outcome($$SELECT slipway.finish_item(1, 3, 0, 'succeeded')$$);
SELECT outcome($$SELECT slipway.finish_item(1, 9, 1, 'succeeded')$$);
SELECT outcome($$SELECT slipway.finish_item(1, NULL, 1, 'succeeded')$$);
SELECT slipway.finish_item(1, 1, 1, 'succeeded');
SELECT slipway.finish_item(1, 1, 1, 'succeeded');
SELECT outcome($$SELECT slipway.finish_item(1, 1, 1, 'failed')$$);
SELECT slipway.finish_item(1, 2, 1, 'failed', 'no store');
-- Stopped: by somebody, or by its failures.
SELECT slipway.stop_batch(1, 'lunch');
SELECT slipway.stop_batch(1);
SELECT * FROM slipway.claim_item(1);
SELECT stopped_by = session_user AS by, stop_reason, failures_left FROM slipway.batch WHERE batch = 1;
SELECT slipway.resume_batch(1);
SELECT * FROM slipway.claim_item(1);
SELECT slipway.finish_item(1, 3, 1, 'rolled_back');
SELECT * FROM slipway.claim_item(1);
SELECT slipway.finish_item(1, 4, 1, 'failed');
SELECT * FROM slipway.claim_item(1);
SELECT slipway.resume_batch(1);
SELECT slipway.resume_batch(1, retry_failed => true);
SELECT count(*) FROM slipway.batch_item WHERE outcome = 'waiting' AND finished_at IS NOT NULL;
SELECT * FROM slipway.claim_item(1);
SELECT slipway.finish_item(1, 2, 2, 'failed');
SELECT * FROM slipway.claim_item(1);
SELECT slipway.finish_item(1, 3, 2, 'failed');
SELECT * FROM slipway.claim_item(1);
SELECT slipway.resume_batch(1);
SELECT * FROM slipway.claim_item(1);

-- A worker that has died, or is only thought to have: what it says afterwards does not count.
SELECT slipway.resume_batch(1);
SELECT slipway.resume_batch(1, force => true);
SELECT outcome($$SELECT slipway.finish_item(1, 4, 2, 'succeeded')$$);
SELECT * FROM slipway.claim_item(1);
SELECT outcome($$SELECT slipway.finish_item(1, 4, 2, 'succeeded')$$);
UPDATE slipway.credential_item SET backend_started_at = '2020-01-01' WHERE batch = 1 AND number = 4;
SELECT interrupted, running FROM slipway.batch WHERE batch = 1;
SELECT * FROM slipway.claim_item(1);
SELECT slipway.finish_item(1, 4, 4, 'skipped');
SELECT item, outcome, attempt, message, duration > '0' AS took FROM slipway.batch_item WHERE batch = 1 ORDER BY item;
SELECT items, waiting, running, succeeded, failed, rolled_back, skipped, failures_left FROM slipway.batch WHERE batch = 1;
SELECT step, measured, seconds > 0 AS took FROM slipway.credential_estimate() WHERE step = 'all';

-- Not by a script, and not of nothing.
CALL project('script');
CALL migration('0001_a', 'SELECT slipway.create_batch(''{p5}'')', 'script');
CALL slipway.migrate('script');
CALL migration('0001_a', 'SELECT slipway.claim_item(1)', 'script');
CALL slipway.migrate('script');
CALL migration('0001_a', 'SELECT slipway.finish_item(1, 1, 1, ''succeeded'')', 'script');
CALL slipway.migrate('script');
CALL migration('0001_a', 'SELECT slipway.stop_batch(1)', 'script');
CALL slipway.migrate('script');
SELECT outcome('SELECT slipway.stop_batch(NULL)'), outcome('SELECT slipway.resume_batch(NULL)');

-- Who may do it.
CREATE ROLE regress_batch_admin;
CREATE ROLE regress_batch_reader;
SELECT slipway.grant_role('regress_batch_admin', 'admin', 'p5');
SELECT slipway.grant_role('regress_batch_reader', 'reader', 'p5');
CREATE FUNCTION try(statement text) RETURNS text SECURITY INVOKER LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN sqlstate || ': ' || sqlerrm; END $$;
SET ROLE regress_batch_admin;
SELECT try($$SELECT slipway.create_batch('{p5,p6}')$$);
SELECT try($$SELECT slipway.create_batch('{p5}')$$);
SELECT try($$SELECT slipway.claim_item(2)$$);
SELECT try($$SELECT slipway.claim_item(2)$$);
SELECT try($$SELECT slipway.finish_item(2, 1, 1, 'succeeded')$$);
SELECT try($$SELECT slipway.finish_item(1, 1, 1, 'succeeded')$$);
SELECT try($$SELECT slipway.stop_batch(2)$$);
SELECT try($$SELECT slipway.resume_batch(2)$$);
SELECT try($$SELECT slipway.stop_batch(3)$$);
SELECT try($$SELECT slipway.stop_batch(99)$$);
RESET ROLE;
SET ROLE regress_batch_reader;
SELECT batch, project, outcome FROM slipway.batch_item ORDER BY 1;
SELECT batch, items FROM slipway.batch ORDER BY 1;
SELECT try($$SELECT slipway.claim_item(2)$$);
RESET ROLE;
SELECT slipway.revoke_role(role, kind, project) FROM slipway.role_grant;
DROP ROLE regress_batch_admin, regress_batch_reader;
