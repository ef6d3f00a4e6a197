/*
 * descent.c
 *	  What a rollback takes back.
 *
 * The order is that in which the history has it applied, whatever the names say: a migration
 * may have been let in below others, and may depend on them. The down script of each is that of the
 * manifest with which it was applied: the folder may have changed since.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"

#include "body.h"
#include "descent.h"
#include "error_code.h"
#include "journal.h"
#include "lock.h"
#include "missing.h"
#include "nearest.h"
#include "query.h"
#include "spi.h"
#include "terms.h"
#include "validate.h"

/* Everything that is applied. */
static SlipwayDescent *
read_applied(const SlipwayProject *project, const SlipwayManifest *manifest, bool newest)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_ROLLBACK_APPLIED, 3, {TEXTOID, BYTEAOID, BYTEAOID}};
	SlipwayDescent *applied = palloc0(sizeof(SlipwayDescent));
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project->name);
	slipway_arg_hash(&args, newest ? manifest->hash : NULL);
	slipway_arg_hash(&args, manifest->hash);
	slipway_spi_begin();
	applied->n = slipway_query(&query, &args, 0);
	applied->steps = MemoryContextAllocZero(caller, Max(applied->n, 1) * sizeof(SlipwayDescentStep));
	for (int i = 0; i < applied->n; i++)
	{
		SlipwayDescentStep *step = &applied->steps[i];

		step->name = MemoryContextStrdup(caller, slipway_row_text(i, 1));
		step->baselined = strcmp(slipway_row_text(i, 2), "baseline") == 0;
		step->kind = slipway_kind_parse(slipway_row_text(i, 3));
		step->has_script = slipway_row_hash(i, 4, step->script);
	}
	slipway_spi_end();
	return applied;
}

/* What was begun and is not applied yet is neither there nor gone: no down script is made for that. */
static void
refuse_part_way(const SlipwayProject *project, const char *name)
{
	SlipwayLock lock;

	slipway_lock_init(&lock, project);
	if (slipway_lock_is_taken(&lock))
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("a run of project \"%s\" goes on", project->name),
				 errdetail("It is in the middle of migration \"%s\".", name),
				 errhint("Wait for its end.")));
	ereport(ERROR,
			(errcode(SLIPWAY_PART_WAY),
			 errmsg("migration \"%s\" of project \"%s\" has stopped part way", name, project->name),
			 errdetail("It is neither applied nor pending, so no down script is made for it."),
			 errhint("Finish it with migrate, or put it right by hand and call slipway.forget_failed().")));
}

static SlipwayDescentStep *
find_step(const SlipwayDescent *descent, const char *name)
{
	for (int i = 0; i < descent->n; i++)
		if (strcmp(descent->steps[i].name, name) == 0)
			return &descent->steps[i];
	return NULL;
}

/* What is left of the script may be about any of them: it cannot be finished for one alone. */
static void
bind_others(const SlipwayDescent *applied, const List *others)
{
	ListCell   *cell;

	foreach(cell, others)
	{
		SlipwayDescentStep *step = find_step(applied, lfirst(cell));

		if (step)
			step->bound = true;
	}
}

/* Marks those whose rollback has stopped part way. */
static void
read_journal(const SlipwayDescent *applied, const SlipwayProject *project)
{
	ListCell   *cell;

	foreach(cell, slipway_journal_list_open(project->name))
	{
		const char *name = lfirst(cell);
		SlipwayJournal *journal = slipway_journal_load(project->name, name);
		SlipwayDescentStep *step = find_step(applied, name);

		if (!slipway_journal_is_begun(journal))
			continue;
		if (strcmp(journal->action, SLIPWAY_ACTION_APPLY) == 0)
			refuse_part_way(project, name);
		if (step)
			step->part_way = slipway_journal_is_undoing(journal);
		if (step && step->part_way)
			bind_others(applied, journal->others);
	}
}

static void
check_options(const SlipwayOptions *options)
{
	int			ways = (options->steps > 0) + (options->to != NULL) + options->all;

	if (ways > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options steps, to and all contradict each other"),
				 errhint("Give one of them.")));
	if (ways == 0 && options->script == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("it is not said what to roll back"),
				 errhint("Give one of the options steps, to, all and script.")));
}

/* How many of what is applied go for option "to": those that were applied after it. */
static int
count_above(const SlipwayDescent *applied, const char *to)
{
	List	   *names = NIL;
	const char *nearest;

	for (int i = 0; i < applied->n; i++)
	{
		const SlipwayDescentStep *step = &applied->steps[i];

		names = lappend(names, step->name);
		if (strcmp(step->name, to) != 0)
			continue;
		if (step->kind == SLIPWAY_REPEATABLE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("migration \"%s\" is repeatable, and no place to roll back to", to)));
		if (step->part_way)
			ereport(ERROR,
					(errcode(SLIPWAY_PART_WAY),
					 errmsg("the rollback of migration \"%s\" has stopped part way", to),
					 errhint("It cannot stay: roll back to one before it.")));
		return i;
	}
	nearest = slipway_nearest_find(to, names);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("migration \"%s\" is not applied", to),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : 0));
}

/* First those that are begun, then repeatable ones, then the others; which of them go is counted. */
static int
rank(const SlipwayDescentStep *step)
{
	if (step->part_way)
		return 0;
	return step->kind == SLIPWAY_REPEATABLE ? 1 : 2;
}

/* Leaves those that go. */
static SlipwayDescent *
choose(SlipwayDescent *applied, const SlipwayOptions *options)
{
	SlipwayDescent *descent = palloc0(sizeof(SlipwayDescent));
	int			above = options->to ? count_above(applied, options->to) : applied->n;
	int			versioned = options->to || options->all ? applied->n : Max(options->steps, 1);

	descent->steps = palloc(Max(applied->n, 1) * sizeof(SlipwayDescentStep));
	for (int wanted = 0; wanted <= 2; wanted++)
	{
		for (int i = 0; i < applied->n; i++)
		{
			const SlipwayDescentStep *step = &applied->steps[i];
			bool		counts = step->kind != SLIPWAY_REPEATABLE;

			if (rank(step) != wanted)
				continue;
			if (!step->part_way && !step->bound && (counts ? i >= above || versioned == 0 : !options->all))
				continue;
			descent->steps[descent->n++] = *step;
			if (counts && versioned > 0)
				versioned--;
		}
	}
	return descent;
}

/* One script for all that go. */
static void
replace_scripts(SlipwayDescent *descent, const char *hex)
{
	uint8		hash[SLIPWAY_HASH_LEN];

	if (!slipway_hash_parse(hex, hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"script\""),
				 errdetail("It takes the hash of a script: 64 hexadecimal digits.")));
	descent->one_script = true;
	for (int i = 0; i < descent->n; i++)
	{
		descent->steps[i].has_script = true;
		memcpy(descent->steps[i].script, hash, SLIPWAY_HASH_LEN);
	}
}

/* Names of the steps of which something is true, with commas, or NULL; and how many there are. */
static char *
list_names(const SlipwayDescent *descent, bool (*holds) (const SlipwayDescentStep *step), int *n)
{
	StringInfoData names;

	initStringInfo(&names);
	*n = 0;
	for (int i = 0; i < descent->n; i++)
		if (holds(&descent->steps[i]))
			appendStringInfo(&names, "%s%s", (*n)++ > 0 ? ", " : "", descent->steps[i].name);
	return *n > 0 ? names.data : NULL;
}

static bool
is_bound(const SlipwayDescentStep *step)
{
	return step->bound;
}

static void
refuse_bound(const SlipwayDescent *descent)
{
	int			n;
	char	   *names = list_names(descent, is_bound, &n);

	if (names)
		ereport(ERROR,
				(errcode(SLIPWAY_PART_WAY),
				 errmsg("the rollback of migration \"%s\" was begun with one script for several", descent->steps[0].name),
				 errdetail("That rolls back, too: %s.", names),
				 errhint("Go on with that script: give it with option script.")));
}

SlipwayDescent *
slipway_descent_make(const SlipwayProject *project, const SlipwayManifest *manifest,
					 const SlipwayOptions *options)
{
	SlipwayDescent *applied;
	SlipwayDescent *descent;

	check_options(options);
	applied = read_applied(project, manifest, options->newest_down_scripts);
	read_journal(applied, project);
	descent = choose(applied, options);
	if (options->script)
		replace_scripts(descent, options->script);
	else
		refuse_bound(descent);
	return descent;
}

static bool
was_baselined(const SlipwayDescentStep *step)
{
	return step->baselined;
}

static bool
lacks_script(const SlipwayDescentStep *step)
{
	return !step->has_script;
}

static void
require_scripts(const SlipwayDescent *descent)
{
	int			n;
	char	   *names = descent->one_script ? NULL : list_names(descent, was_baselined, &n);

	if (names)
		ereport(ERROR,
				(errcode(SLIPWAY_NO_WAY_BACK),
				 errmsg("%d of the migrations to roll back %s baselined", n, n == 1 ? "was" : "were"),
				 errdetail("Recorded without a script being run here: %s.", names),
				 errhint("Roll back to the last of them with option to, or give a script of your own with option script.")));
	names = list_names(descent, lacks_script, &n);
	if (names)
		ereport(ERROR,
				(errcode(SLIPWAY_NO_WAY_BACK),
				 errmsg("%d of the migrations to roll back %s no down script", n, n == 1 ? "has" : "have"),
				 errdetail("Without one: %s.", names),
				 errhint("Give a script of your own with option script, or take those of a newer manifest with down_scripts = newest.")));
}

/* Its problem, or NULL, and then it has its outline. */
static SlipwayProblem *
check_step(SlipwayDescentStep *step, const SlipwayProject *project)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "slipway outline",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	char	   *body = slipway_body_load(step->script);
	SlipwayProblem *problem;

	if (body == NULL)
		slipway_missing_raise(step->name, SLIPWAY_PART_DOWN, step->script);
	step->outline = slipway_validate_script(step->name, SLIPWAY_PART_DOWN, body, project->owner != NULL, 0,
											&problem);
	if (problem == NULL && step->part_way)
		problem = slipway_validate_begun(step->name, SLIPWAY_PART_DOWN, body, step->outline, project);
	slipway_body_free(body);
	MemoryContextSwitchTo(caller);
	return problem;
}

/* Raises the first problem, and says what the others are: no other command would. */
static void
raise_problems(List *problems)
{
	ErrorData  *first;
	StringInfoData others;

	if (problems == NIL)
		return;
	first = ((SlipwayProblem *) linitial(problems))->error;
	initStringInfo(&others);
	for (int i = 1; i < list_length(problems); i++)
	{
		const SlipwayProblem *problem = list_nth(problems, i);

		appendStringInfo(&others, "%sAlso wrong: migration \"%s\", down script, line %d: %s", i > 1 ? "\n" : "",
						 problem->migration, problem->position.line, problem->error->message);
	}
	if (others.len > 0)
		first->detail = first->detail ? psprintf("%s\n%s", first->detail, others.data) : others.data;
	ReThrowError(first);
}

void
slipway_descent_check(SlipwayDescent *descent, const SlipwayProject *project)
{
	List	   *problems = NIL;

	require_scripts(descent);
	for (int i = 0; i < (descent->one_script ? Min(descent->n, 1) : descent->n); i++)
	{
		SlipwayProblem *problem = check_step(&descent->steps[i], project);

		if (problem)
			problems = lappend(problems, problem);
	}
	raise_problems(problems);
}

void
slipway_descent_check_roles(const SlipwayDescent *descent)
{
	for (int i = 0; i < descent->n; i++)
	{
		const SlipwayDescentStep *step = &descent->steps[i];
		SlipwayPlace place;

		if (step->outline == NULL)
			continue;
		slipway_place_push(&place, step->name, NULL, true);
		place.part = SLIPWAY_PART_DOWN;
		slipway_terms_check(&step->outline->directives, &place);
		slipway_place_pop(&place);
	}
}

static SlipwayTask
make_task(const SlipwayDescentStep *step)
{
	return (SlipwayTask) {
		.name = step->name, .action = SLIPWAY_ACTION_ROLLBACK, .part = SLIPWAY_PART_DOWN,
		.script = step->script, .outline = step->outline, .approved_by = step->approved_by,
	};
}

SlipwayTask *
slipway_descent_tasks(const SlipwayDescent *descent, int more, int *n)
{
	SlipwayTask *tasks = palloc0((descent->n + more + 1) * sizeof(SlipwayTask));

	*n = 0;
	for (int i = 0; i < descent->n; i++)
	{
		if (!descent->one_script || i == 0)
			tasks[(*n)++] = make_task(&descent->steps[i]);
		else
		{
			tasks[0].others = lappend(tasks[0].others, descent->steps[i].name);
			tasks[0].others_approved_by = lappend(tasks[0].others_approved_by, (char *) descent->steps[i].approved_by);
		}
	}
	return tasks;
}
