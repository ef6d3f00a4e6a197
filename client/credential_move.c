/*
 * credential_move.c
 *	  Moves one project from the role that it shares with others to one of its own.
 */
#include "credential_move.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "credential_work.h"
#include "memory.h"

typedef bool (*Step) (SlipwayCredentialWork *work);

static const Step steps[] = {
	[SLIPWAY_CREDENTIAL_GENERATE] = slipway_credential_work_generate,
	[SLIPWAY_CREDENTIAL_CREATE] = slipway_credential_work_create,
	[SLIPWAY_CREDENTIAL_UPDATE] = slipway_credential_work_update,
	[SLIPWAY_CREDENTIAL_VALIDATE] = slipway_credential_work_validate,
};

/* Does a step, and measures it. */
static bool
run(SlipwayCredentialWork *work, SlipwayCredentialStep step)
{
	double		began_at = slipway_clock_now();
	bool		good;

	work->end->step = step;
	good = slipway_credential_work_goes_on(work) && steps[step](work);
	work->end->durations[step] += slipway_clock_now() - began_at;
	return good;
}

/*
 * Writes down that a step has failed. That it cannot be is no failure of its own, unless the connection is gone: then it is to
 * be begun anew.
 */
static void
note_failure(SlipwayCredentialWork *work)
{
	const SlipwayCredentialEnd *end = work->end;
	const char *const values[] = {
		slipway_credential_step_name(end->step), end->message, work->project, end->sqlstate[0] != '\0' ? end->sqlstate : NULL
	};

	if (!work->is_registered || end->outcome == SLIPWAY_CREDENTIAL_LOST)
		return;
	slipway_credential_work_abort(work);
	(void) slipway_credential_work_do(work, "SELECT slipway.fail_credential($1, $2, $3, $4)", 4, values);
}

/* Undoes all of it. What kept it from that is told beside what has failed first. */
static void
undo(SlipwayCredentialWork *work)
{
	SlipwayCredentialEnd *end = work->end;
	SlipwayCredentialEnd second = {.outcome = SLIPWAY_CREDENTIAL_DONE};
	double		began_at = slipway_clock_now();
	bool		was_made = work->is_made;
	bool		good;

	work->end = &second;
	/* no matter whether it is interrupted: it is to be undone */
	good = slipway_credential_work_read(work) && slipway_credential_work_undo(work, end->message, true);
	work->end = end;
	end->durations[SLIPWAY_CREDENTIAL_ROLLBACK] += slipway_clock_now() - began_at;
	if (good)
	{
		end->outcome = SLIPWAY_CREDENTIAL_ROLLED_BACK;
		end->exit_code = SLIPWAY_EXIT_ROLLED_BACK;
		end->rest = slipway_memory_copy(was_made || work->is_made
										? "rolled back: what the application uses, the rights, the role and the secret are as they were before"
										: "rolled back: no role was made, and no secret is left");
	}
	else
	{
		if (second.outcome == SLIPWAY_CREDENTIAL_LOST)
			end->outcome = SLIPWAY_CREDENTIAL_LOST;
		end->rest = slipway_memory_format("it could not be undone, and stays as it is until the next call: %s%s%s", second.message,
										  second.detail != NULL ? "\n" : "", second.detail != NULL ? second.detail : "");
	}
	slipway_credential_end_release(&second);
}

/* Has anything been begun, by this call or an earlier one? */
static bool
is_begun(const SlipwayCredentialWork *work)
{
	return work->reference != NULL || work->is_made || work->is_updated;
}

static bool
run_all(SlipwayCredentialWork *work)
{
	return run(work, SLIPWAY_CREDENTIAL_GENERATE) && run(work, SLIPWAY_CREDENTIAL_CREATE) && run(work, SLIPWAY_CREDENTIAL_UPDATE) &&
		run(work, SLIPWAY_CREDENTIAL_VALIDATE);
}

/*
 * Was all of it done before? Not where an undoing was interrupted just before the database was told: the store is as it was before
 * then, without our mark. Where that is in force somebody has changed the settings beside it, which is for validate to find.
 */
static bool
is_done(SlipwayCredentialWork *work, bool *done)
{
	char	   *why = NULL;

	*done = work->is_updated && work->is_validated;
	if (!*done || work->is_adopted)
		return true;
	work->end->step = SLIPWAY_CREDENTIAL_VALIDATE;
	if (!slipway_credential_secret_in_force(work, work->role, NULL, &why))
		return false;
	*done = why == NULL;
	free(why);
	return *done || slipway_credential_secret_is_marked(work, done);
}

void
slipway_credential_move(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		bool		was_done = false;

		if (is_done(&work, &was_done) && !(was_done ? run(&work, SLIPWAY_CREDENTIAL_VALIDATE) : run_all(&work)))
		{
			note_failure(&work);
			if (end->outcome == SLIPWAY_CREDENTIAL_FAILED && !was_done && slipway_credential_work_read(&work) && is_begun(&work))
				undo(&work);
		}
	}
	slipway_credential_work_end(&work);
}

/* A generation that has failed: what it has stored, and that it would, is taken back. What cannot be stays known to the database. */
static void
forget(SlipwayCredentialWork *work)
{
	SlipwayCredentialEnd *end = work->end;
	SlipwayCredentialEnd second = {.outcome = SLIPWAY_CREDENTIAL_DONE};

	work->end = &second;
	slipway_credential_work_abort(work);
	if (!slipway_credential_work_forget(work))
		end->rest = slipway_memory_format("what it has stored could not be removed, and is removed by \"slipway credential cleanup\": %s",
										  second.message);
	work->end = end;
	slipway_credential_end_release(&second);
}

void
slipway_credential_step(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialStep step,
						SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		bool		is_first = step == SLIPWAY_CREDENTIAL_GENERATE && work.reference == NULL;

		if (!run(&work, step))
		{
			if (is_first && work.reference != NULL && end->outcome != SLIPWAY_CREDENTIAL_LOST)
				forget(&work);
			/* who only looks at a project that was not moved, or was moved back, changes nothing of that */
			if (step != SLIPWAY_CREDENTIAL_VALIDATE || work.is_updated)
				note_failure(&work);
		}
	}
	slipway_credential_work_end(&work);
}

void
slipway_credential_undo(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool clean_up, SlipwayCredentialEnd *end)
{
	SlipwayCredentialWork work;

	if (slipway_credential_work_begin(&work, conn, terms, project, end))
	{
		double		began_at = slipway_clock_now();

		end->step = SLIPWAY_CREDENTIAL_ROLLBACK;
		if (!slipway_credential_work_undo(&work, NULL, clean_up))
			note_failure(&work);
		else
		{
			slipway_credential_work_say(&work, "rolled back");
			(void) slipway_credential_work_fallback(&work);
		}
		end->durations[SLIPWAY_CREDENTIAL_ROLLBACK] += slipway_clock_now() - began_at;
	}
	slipway_credential_work_end(&work);
}
