-- Schedules of batches: times as cron writes them, and what is kept of a schedule.
\i test/fixture/start.psql
SET timezone = 'UTC';
-- What a text means: with numbers only, as systemd has it, and the next two times; or what is wrong with it.
CREATE FUNCTION meaning(cron text, zone text DEFAULT 'UTC', OUT plain text, OUT calendar text, OUT times text) LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM slipway.set_schedule('x', cron, zone);
    SELECT s.plain_cron, array_to_string(s.calendar, '; ') INTO plain, calendar FROM slipway.schedule s WHERE s.name = 'x';
    SELECT string_agg(to_char(t, 'Dy YYYY-MM-DD HH24:MI'), ', ') INTO times
      FROM slipway.schedule_times(cron, zone, 2, '2026-11-22 05:10:00Z') t;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    plain := SQLSTATE; calendar := SQLERRM; times := detail;
END
$$;
SELECT c.cron, m.* FROM unnest(ARRAY['* * * * *', '30 2 * * *', '0 2 * * MON-FRI', '*/15 22-23,0-5 * * *', '0 0 1 JAN *', '5 4 31 * *', '0 0 29 2 MON',
    '0 3 1,15 * SUN', '0 3 * * 7', '0 3 * * 5-7', '10-50/20 1 * */3 *', '7,3,5,3 6 * * *', '@daily', '@Weekly', '@hourly', '  1   2 3	4 *  ', '0 0 29 2 *',
    '59 23 31 12 SAT', '0 2 * * mon,Tue']) WITH ORDINALITY c(cron, n),
    LATERAL meaning(c.cron) m ORDER BY c.n;
SELECT c.cron, m.* FROM unnest(ARRAY['', ' ', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 13 *', '* * * 0 *', '* * * * 8',
    'a * * * *', '5- * * * *', '-5 * * * *', '9-5 * * * *', '5/2 * * * *', '*/0 * * * *', '*/ * * * *', '1, * * * *', ',1 * * * *', '1;2 * * * *', '* * * JANUARY *',
    '0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 */2 * MON', '0 0 1 * */2', '0 0 1-31 * MON', '0 0 1 * 0-6', '@reboot', '@nightly', '99999999999999999999 * * * *', '* * * * FRI-MON', '* * * * MON#1', '* * L * *',
    E'0 0 * *\n*']) WITH ORDINALITY c(cron, n),
    LATERAL meaning(c.cron) m ORDER BY c.n;

-- Clocks that are put forward and back.
SELECT t AT TIME ZONE 'Europe/Vienna' AS local, t FROM slipway.schedule_times('30 2 * * *', 'Europe/Vienna', 3, '2026-03-28 00:00Z') t;
SELECT t AT TIME ZONE 'Europe/Vienna' AS local, t FROM slipway.schedule_times('30 2 * * *', 'Europe/Vienna', 3, '2026-10-24 00:00Z') t;
SELECT (meaning('0 9 * * MON', 'America/New_York')).*;
SELECT outcome($$SELECT * FROM slipway.schedule_times('* * * * *', 'Mars/Olympus')$$);
SELECT outcome($$SELECT * FROM slipway.schedule_times('* * * * *', 'UTC', -1)$$);
SELECT outcome($$SELECT * FROM slipway.schedule_times('* * * * *', 'UTC', 1001)$$);
SELECT outcome($$SELECT * FROM slipway.schedule_times('* * * * *', 'UTC', 1, 'infinity')$$);
SELECT count(*) FROM slipway.schedule_times('* * * * *', 'UTC', 1000);
SELECT count(*) FROM slipway.schedule_times(NULL);

-- What is kept.
SELECT slipway.drop_schedule('x');
SELECT slipway.drop_schedule('x');
SELECT slipway.set_schedule('night', '0 2 * * *');
SELECT slipway.set_schedule('night', '0 2 * * *');
SELECT slipway.set_schedule('night', '0 2 * * MON', 'Europe/Vienna', 20, 4, '2 hours', 3, true, 'dba@example.org,ops@example.org');
SELECT slipway.set_schedule('night', '0 2 * * MON', 'Europe/Vienna', 20, 4, '2 hours', 3, true, 'dba@example.org,ops@example.org');
SELECT name, cron, plain_cron, calendar, time_zone, size, parallel, max_duration, max_failures, dry_run, email, created_by = session_user AS by, changed_at > created_at AS changed FROM slipway.schedule;
SELECT slipway.set_schedule('night', '0 2 * * MON', 'Europe/Vienna', 20, 4, '3 hours', 3, true, 'dba@example.org,ops@example.org');
SELECT slipway.set_schedule('night', '0 2 * * MON', 'Europe/Vienna', 20, 4, '3 hours');
SELECT max_duration, max_failures, dry_run, email FROM slipway.schedule;
-- What is refused.
SELECT outcome(format('SELECT slipway.set_schedule(%L, ''0 2 * * *'')', name)) FROM unnest(ARRAY[NULL, '', 'Night', '-a', 'a-', 'a b', 'a.b', repeat('a', 41), 'é']) name;
SELECT outcome($$SELECT slipway.set_schedule('a', NULL)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', 'UTC+3')$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', NULL)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', size => 0)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', size => NULL)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', parallel => 0)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', parallel => 65)$$);
SELECT outcome($$SELECT slipway.set_schedule('a', '0 2 * * *', max_failures => 0)$$);
SELECT outcome(format('SELECT slipway.set_schedule(''a'', ''0 2 * * *'', max_duration => %L)', d)) FROM unnest('{0,-1 hour,1 month,8 days,7 days 1 second,169 hours,2562047788 hours,0.5 second}'::text[]) d;
SELECT outcome(format('SELECT slipway.set_schedule(''a'', ''0 2 * * *'', email => %L)', m)) FROM unnest(ARRAY['nobody', 'a@b c', E'a@b\nBcc: c@d', '<a@b>', 'ä@b']) m;
SELECT outcome($$SELECT slipway.drop_schedule(NULL)$$);
CALL migration('0001_a', $$SELECT slipway.set_schedule('a', '0 2 * * *')$$);
CALL migration('0002_a', $$SELECT slipway.drop_schedule('night')$$);
CALL slipway.migrate();
SELECT count(*) FROM slipway.schedule;
