/*
 * credential_end.c
 *	  How moving a project to a role of its own has ended.
 */
#include <jansson.h>
#include <stdlib.h>

#include "credential_move.h"
#include "display.h"
#include "output.h"
#include "problem.h"

static const char *const steps[SLIPWAY_CREDENTIAL_STEPS] = {
	[SLIPWAY_CREDENTIAL_GENERATE] = "generate",
	[SLIPWAY_CREDENTIAL_CREATE] = "create",
	[SLIPWAY_CREDENTIAL_UPDATE] = "update",
	[SLIPWAY_CREDENTIAL_VALIDATE] = "validate",
	[SLIPWAY_CREDENTIAL_ROLLBACK] = "rollback",
};

const char *
slipway_credential_step_name(SlipwayCredentialStep step)
{
	return steps[step];
}

const char *
slipway_credential_outcome_name(SlipwayCredentialOutcome outcome)
{
	static const char *const names[] = {
		[SLIPWAY_CREDENTIAL_DONE] = "done",
		[SLIPWAY_CREDENTIAL_ROLLED_BACK] = "rolled_back",
		[SLIPWAY_CREDENTIAL_FAILED] = "failed",
		[SLIPWAY_CREDENTIAL_LOCKED] = "locked",
		[SLIPWAY_CREDENTIAL_LOST] = "lost",
	};

	return names[outcome];
}

void
slipway_credential_end_release(SlipwayCredentialEnd *end)
{
	free(end->message);
	free(end->detail);
	free(end->hint);
	free(end->rest);
	*end = (SlipwayCredentialEnd) {.message = NULL};
}

static void
print_json(const SlipwayCredentialEnd *end, const char *project)
{
	json_t	   *durations = json_object();
	json_t	   *object = json_pack("{s:s, s:o, s:s, s:i}", "event", "credential", "project", slipway_output_json_text(project),
								   "outcome", slipway_credential_outcome_name(end->outcome), "exit_code", (int) end->exit_code);

	for (int step = 0; step < SLIPWAY_CREDENTIAL_STEPS; step++)
		if (end->durations[step] > 0)
			(void) json_object_set_new(durations, steps[step], json_real(end->durations[step]));
	(void) json_object_set_new(object, "durations", durations);
	if (end->outcome != SLIPWAY_CREDENTIAL_DONE)
	{
		(void) json_object_set_new(object, "step", json_string(steps[end->step]));
		(void) json_object_set_new(object, "message", slipway_output_json_text(end->message));
		(void) json_object_set_new(object, "detail", slipway_output_json_text(end->detail));
		(void) json_object_set_new(object, "hint", slipway_output_json_text(end->hint));
		(void) json_object_set_new(object, "rest", slipway_output_json_text(end->rest));
		if (end->sqlstate[0] != '\0')
			(void) json_object_set_new(object, "sqlstate", json_string(end->sqlstate));
	}
	slipway_output_json(object);
}

void
slipway_credential_end_tell(const SlipwayCredentialEnd *end, const char *project)
{
	if (slipway_output_is_json())
		print_json(end, project);
	if (end->outcome == SLIPWAY_CREDENTIAL_DONE)
		return;
	slipway_output_begin_talk();
	(void) fprintf(stderr, "slipway: %serror:%s ", slipway_output_color(stderr, SLIPWAY_COLOR_RED),
				   slipway_output_color(stderr, SLIPWAY_COLOR_NONE));
	slipway_display_print(stderr, project, false, ": ");
	(void) fprintf(stderr, "%s: ", steps[end->step]);
	slipway_display_print(stderr, end->message != NULL ? end->message : slipway_credential_outcome_name(end->outcome), false, "\n");
	if (end->detail != NULL)
		slipway_problem_print_text(stderr, "detail: ", end->detail, "\n");
	slipway_output_hint(end->hint);
	if (end->rest != NULL)
		slipway_output_say("%s: %s", project, end->rest);
}
