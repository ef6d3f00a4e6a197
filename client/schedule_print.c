/*
 * schedule_print.c
 *	  Schedules as those have them who carry them out.
 *
 * Each of them calls "slipway credential schedule run", which reads the schedule anew: only a change of its times makes it necessary to print
 * it again. A run is not repeated when it fails, as the next one would take the next projects; what was interrupted is
 * finished by the run that comes after it.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "schedule.h"

/* What is left to do when no project is begun any more. */
#define LAST_PROJECTS_SECONDS 600

/* A scalar of YAML in double quotes, in which JSON's escapes are known. */
static void
add_yaml(SlipwayBuffer *text, const char *word)
{
	slipway_buffer_add_char(text, '"');
	for (; *word != '\0'; word++)
		if ((unsigned char) *word < ' ')
			slipway_buffer_format(text, "\\u%04x", (unsigned int) (unsigned char) *word);
		else
		{
			if (*word == '"' || *word == '\\')
				slipway_buffer_add_char(text, '\\');
			slipway_buffer_add_char(text, *word);
		}
	slipway_buffer_add_char(text, '"');
}

static void
add_yaml_arguments(SlipwayBuffer *text, const SlipwaySchedule *schedule, const char *const *command)
{
	slipway_buffer_add(text, "[");
	for (size_t i = 1; command[i] != NULL; i++)
	{
		add_yaml(text, command[i]);
		slipway_buffer_add(text, ", ");
	}
	slipway_buffer_format(text, "credential, schedule, run, \"%s\"]", schedule->name);
}

void
slipway_schedule_write_kubernetes(const SlipwaySchedule *schedule, const char *const *command, SlipwayBuffer *text)
{
	slipway_buffer_format(text,
						  "# Schedule \"%s\" of slipway: \"%s\" in %s. The image, and where the settings come from (SLIPWAY_SECRETS,\n"
						  "# SLIPWAY_SMTP_URL and so on, beside the connection), are those of the other jobs: see deploy/kubernetes.\n"
						  "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: slipway-%s\n  labels:\n"
						  "    app.kubernetes.io/name: slipway\n    app.kubernetes.io/component: credentials\nspec:\n"
						  "  schedule: \"%s\"\n  timeZone: ", schedule->name, schedule->cron, schedule->time_zone, schedule->name,
						  schedule->plain_cron);
	add_yaml(text, schedule->time_zone);
	slipway_buffer_add(text,
					   "\n  concurrencyPolicy: Forbid\n  startingDeadlineSeconds: 300\n"
					   "  successfulJobsHistoryLimit: 3\n  failedJobsHistoryLimit: 3\n"
					   "  jobTemplate:\n    spec:\n"
					   "      # the next run would take the next projects\n"
					   "      backoffLimit: 0\n");
	if (schedule->max_duration > 0)
		slipway_buffer_format(text, "      activeDeadlineSeconds: %.0f\n", schedule->max_duration / 1000 + LAST_PROJECTS_SECONDS);
	slipway_buffer_add(text,
					   "      template:\n        metadata:\n          labels:\n"
					   "            app.kubernetes.io/name: slipway\n            app.kubernetes.io/component: credentials\n"
					   "        spec:\n          restartPolicy: Never\n          serviceAccountName: slipway\n"
					   "          automountServiceAccountToken: false\n          enableServiceLinks: false\n"
					   "          # the projects that are begun are finished\n"
					   "          terminationGracePeriodSeconds: 300\n"
					   "          securityContext:\n            runAsNonRoot: true\n            runAsUser: 1000\n            runAsGroup: 1000\n"
					   "            seccompProfile:\n              type: RuntimeDefault\n"
					   "          containers:\n            - name: credentials\n              image: slipway-migrations\n"
					   "              command: [slipway]\n              args: ");
	add_yaml_arguments(text, schedule, command);
	slipway_buffer_add(text,
					   "\n              envFrom:\n                - configMapRef:\n                    name: slipway\n"
					   "                - secretRef:\n                    name: slipway-admin\n"
					   "              securityContext:\n                allowPrivilegeEscalation: false\n"
					   "                readOnlyRootFilesystem: true\n                capabilities:\n                  drop: [ALL]\n"
					   "              resources:\n                requests:\n                  cpu: 50m\n                  memory: 64Mi\n"
					   "                limits:\n                  memory: 512Mi\n");
}

/* A word in quotation marks, in which some letters are written twice. */
static void
add_systemd_word(SlipwayBuffer *text, const char *word, const char *doubled)
{
	slipway_buffer_add_char(text, '"');
	for (; *word != '\0'; word++)
	{
		if (strchr("\"\\", *word) != NULL)
			slipway_buffer_add_char(text, '\\');
		if (strchr(doubled, *word) != NULL)
			slipway_buffer_add_char(text, *word);
		slipway_buffer_add_char(text, *word);
	}
	slipway_buffer_add_char(text, '"');
}

/* A file of secrets is replaced by a new one, so its folder must be writable, for its owner; also one that is in a home. */
static void
add_systemd_user(SlipwayBuffer *text, const char *file, const char *user)
{
	char	   *folder;

	if (file == NULL)
	{
		slipway_buffer_add(text, "DynamicUser=yes\nProtectHome=yes\n");
		return;
	}
	folder = slipway_memory_copy_bytes(file, strrchr(file, '/') == file ? 1 : (size_t) (strrchr(file, '/') - file));
	slipway_buffer_format(text, "User=%s\nProtectHome=read-only\nReadWritePaths=", user);
	add_systemd_word(text, folder, "%");
	slipway_buffer_add_char(text, '\n');
	free(folder);
}

void
slipway_schedule_write_systemd(const SlipwaySchedule *schedule, const char *const *command, const char *file, const char *user,
							   SlipwayBuffer *text)
{
	slipway_buffer_format(text, "# /etc/systemd/system/slipway-%s.timer\n[Unit]\nDescription=Schedule %s of slipway\n\n[Timer]\n",
						  schedule->name, schedule->name);
	for (int i = 0; i < SLIPWAY_SCHEDULE_MAX_CALENDAR && schedule->calendar[i] != NULL; i++)
		slipway_buffer_format(text, "OnCalendar=%s\n", schedule->calendar[i]);
	slipway_buffer_format(text,
						  "AccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n\n"
						  "# /etc/systemd/system/slipway-%s.service\n[Unit]\nDescription=Credentials of projects, schedule %s of slipway\n"
						  "Wants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n"
						  "# the connection, SLIPWAY_SECRETS, SLIPWAY_SMTP_URL and so on; for root only\n"
						  "EnvironmentFile=-/etc/slipway/%s.env\n",
						  schedule->name, schedule->name, schedule->name);
	add_systemd_user(text, file, user);
	slipway_buffer_add(text, "ProtectSystem=strict\nPrivateTmp=yes\nNoNewPrivileges=yes\n"
					   "# the projects that are begun are finished\nKillMode=mixed\nTimeoutStopSec=300\n");
	if (schedule->max_duration > 0)
		slipway_buffer_format(text, "TimeoutStartSec=%.0f\n", schedule->max_duration / 1000 + LAST_PROJECTS_SECONDS);
	slipway_buffer_add(text, "ExecStart=");
	for (size_t i = 0; command[i] != NULL; i++)
	{
		/* where % and $ mean something */
		add_systemd_word(text, command[i], "%$");
		slipway_buffer_add_char(text, ' ');
	}
	slipway_buffer_format(text, "credential schedule run %s\n", schedule->name);
}

/* A text of SQL; the caller frees it. */
static char *
quote(const char *text)
{
	SlipwayBuffer quoted = {0};

	slipway_buffer_add(&quoted, strchr(text, '\\') != NULL ? " E'" : "'");
	for (; *text != '\0'; text++)
	{
		if (*text == '\'' || *text == '\\')
			slipway_buffer_add_char(&quoted, *text);
		slipway_buffer_add_char(&quoted, *text);
	}
	slipway_buffer_add_char(&quoted, '\'');
	return slipway_buffer_take(&quoted);
}

void
slipway_schedule_write_pg_cron(const SlipwaySchedule *schedule, const char *database, SlipwayBuffer *text)
{
	char	   *name = quote(database);

	slipway_buffer_format(text,
						  "-- For pg_cron, in the database of its tables. Moving projects needs the store of secrets, which no database has\n"
						  "-- anything to do with: see --kubernetes and --systemd. What runs here is what looks on. Times are those of\n"
						  "-- cron.timezone, which is GMT by default%s%s.\n"
						  "-- Every five minutes: who still uses the previous roles, for slipway.role_usage.\n"
						  "SELECT cron.schedule_in_database('slipway-%s-usage', '*/5 * * * *', $slipway$\n"
						  "    SELECT slipway.record_usage(project) FROM slipway.project_credential WHERE role IS NOT NULL\n"
						  "$slipway$, %s);\n"
						  "-- At the times of the schedule: what is not as it should be with roles that are in use. It is an error then, which\n"
						  "-- cron.job_run_details shows.\n"
						  "SELECT cron.schedule_in_database('slipway-%s-check', '%s', $slipway$\n"
						  "    DO $do$\n    DECLARE\n        findings text;\n    BEGIN\n"
						  "        SELECT pg_catalog.string_agg(pg_catalog.format('%%s: %%s %%s: %%s', c.project, f.finding, f.object, f.detail), E'\\n') INTO findings\n"
						  "          FROM slipway.project_credential c CROSS JOIN LATERAL slipway.check_credential(c.project) f\n"
						  "         WHERE c.status = 'active';\n"
						  "        IF findings IS NOT NULL THEN\n            RAISE EXCEPTION 'credentials are not as they should be'\n"
						  "                USING DETAIL = findings;\n        END IF;\n    END\n    $do$\n"
						  "$slipway$, %s);\n",
						  strcmp(schedule->time_zone, "UTC") != 0 ? "; those of the schedule are of " : "",
						  strcmp(schedule->time_zone, "UTC") != 0 ? schedule->time_zone : "",
						  schedule->name, name, schedule->name, schedule->plain_cron, name);
	free(name);
}
