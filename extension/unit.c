/*
 * unit.c
 *	  How a script is cut into units: what commits together.
 *
 * Statements in a row are one unit. One that refuses a transaction block is a
 * unit of its own, and BEGIN and COMMIT written in the script are borders. A
 * new value of an enum cannot be used before it was committed, so that a unit ends
 * behind ALTER TYPE ... ADD VALUE, unless it also made the type, or the
 * author's BEGIN says that what follows belongs to it.
 *
 * What has one BEGIN ... COMMIT, with or without statements around it, and
 * nothing that needs another cut, is a single unit all the same: it then commits
 * together with its record, which is more than its author asked for. Anything
 * else is stepwise. What a tree does not tell is found when the script runs,
 * and cut then.
 */
#include "postgres.h"

#include "tcop/utility.h"
#include "utils/memutils.h"

#include "error_code.h"
#include "hook.h"
#include "refuse.h"
#include "script_error.h"
#include "secret.h"
#include "unit.h"

/* The state of cutting one script. */
typedef struct UnitCutter
{
	SlipwayOutline *outline;
	const char *script;
	int			capacity;
	int			unit_capacity;
	bool		unit_open;		/* the last unit goes on */
	List	   *options;		/* of the BEGIN that the next unit follows */
	List	   *enums;			/* names of the types that the last unit made */
	bool		in_block;		/* after BEGIN */
	int			blocks;
	bool		lone_commit;	/* a COMMIT ended what the runner had begun */
	bool		keep;			/* the statement's tree */
	Size		apart;			/* bytes of kept trees that have a context of their own */
	SlipwayStatement begin;		/* the last BEGIN */
	SlipwayStatement value;		/* ADD VALUE, the last statement so far; or of length 0 */
} UnitCutter;

static void
add_statement(UnitCutter *cutter, const SlipwayStatement *statement)
{
	SlipwayOutline *outline = cutter->outline;

	if (outline->nstatements == cutter->capacity)
	{
		cutter->capacity = cutter->capacity ? 2 * cutter->capacity : 8;
		outline->statements = outline->statements ?
			repalloc(outline->statements, cutter->capacity * sizeof(SlipwayStatement)) :
			palloc(cutter->capacity * sizeof(SlipwayStatement));
	}
	outline->statements[outline->nstatements] = *statement;
	if (!cutter->keep)
		outline->statements[outline->nstatements].tree = NULL;
	outline->nstatements++;
	outline->units[outline->nunits - 1].n++;
}

/* For the statement that is added next. */
static void
open_unit(UnitCutter *cutter, bool alone)
{
	SlipwayOutline *outline = cutter->outline;

	if (outline->nunits == cutter->unit_capacity)
	{
		cutter->unit_capacity = cutter->unit_capacity ? 2 * cutter->unit_capacity : 2;
		outline->units = outline->units ?
			repalloc(outline->units, cutter->unit_capacity * sizeof(SlipwayUnit)) :
			palloc(cutter->unit_capacity * sizeof(SlipwayUnit));
	}
	outline->units[outline->nunits++] = (SlipwayUnit) {outline->nstatements, 0, alone, cutter->options};
	cutter->unit_open = !alone;
	cutter->enums = NIL;
}

static void
set_stepwise(SlipwayOutline *outline, const char *what, const SlipwayStatement *statement)
{
	if (outline->stepwise_reason == NULL)
		outline->stepwise_reason = psprintf("%s on line %d", what, statement->start.line);
}

static void
take_begin(UnitCutter *cutter, const SlipwayStatement *statement)
{
	if (cutter->in_block)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("BEGIN inside BEGIN is not allowed in a migration")));
	if (++cutter->blocks > 1)
		set_stepwise(cutter->outline, "another BEGIN", statement);
	cutter->options = copyObject(((TransactionStmt *) statement->tree->stmt)->options);
	cutter->begin = *statement;
	cutter->in_block = true;
	cutter->unit_open = false;
}

static void
take_commit(UnitCutter *cutter, const SlipwayStatement *statement)
{
	if (!cutter->in_block)
	{
		cutter->lone_commit = true;
		set_stepwise(cutter->outline, "COMMIT without BEGIN", statement);
	}
	cutter->in_block = false;
	cutter->unit_open = false;
	cutter->options = NIL;
}

/* "CREATE INDEX CONCURRENTLY": the command tag does not say the second word. */
static const char *
alone_name(const Node *stmt)
{
	const char *tag = CreateCommandName((Node *) stmt);
	bool		concurrently = IsA(stmt, IndexStmt) || IsA(stmt, DropStmt) || IsA(stmt, AlterTableStmt) ||
		(IsA(stmt, ReindexStmt) && ((const ReindexStmt *) stmt)->kind < REINDEX_OBJECT_SCHEMA);

	return concurrently ? psprintf("%s CONCURRENTLY", tag) : tag;
}

static void
take_alone(UnitCutter *cutter, const SlipwayStatement *statement)
{
	const char *name = alone_name(statement->tree->stmt);

	if (cutter->in_block && !cutter->lone_commit)
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("%s cannot run between BEGIN and COMMIT", name),
				 errhint("Take BEGIN and COMMIT out of the script.")));
	set_stepwise(cutter->outline, name, statement);
	open_unit(cutter, true);
	add_statement(cutter, statement);
}

/* Is it the same name, as far as both say it? */
static bool
same_name(const List *a, const List *b)
{
	if (strcmp(strVal(llast(a)), strVal(llast(b))) != 0)
		return false;
	return list_length(a) != list_length(b) || equal(a, b);
}

static bool
was_made(const UnitCutter *cutter, const List *name)
{
	ListCell   *cell;

	foreach(cell, cutter->enums)
		if (same_name(lfirst(cell), name))
			return true;
	return false;
}

/* Behind what is taken now: does a new value of an enum have to be committed? */
static bool
adds_value(UnitCutter *cutter, const Node *stmt)
{
	if (IsA(stmt, CreateEnumStmt))
		cutter->enums = lappend(cutter->enums, copyObject(((const CreateEnumStmt *) stmt)->typeName));
	return IsA(stmt, AlterEnumStmt) && ((const AlterEnumStmt *) stmt)->oldVal == NULL &&
		!cutter->in_block && !was_made(cutter, ((const AlterEnumStmt *) stmt)->typeName);
}

static void
take_ordinary(UnitCutter *cutter, const SlipwayStatement *statement)
{
	bool		border;

	if (cutter->value.length > 0)
		set_stepwise(cutter->outline, "ALTER TYPE ... ADD VALUE", &cutter->value);
	cutter->value.length = 0;
	if (!cutter->unit_open)
		open_unit(cutter, false);
	border = adds_value(cutter, statement->tree->stmt);
	if (border)
		cutter->value = *statement;
	add_statement(cutter, statement);
	if (border || cutter->outline->directives.no_transaction)
		cutter->unit_open = false;
}

static void
take_statement(UnitCutter *cutter, const SlipwayStatement *statement, bool fixed_role)
{
	switch (slipway_refuse_check(statement->tree, fixed_role))
	{
		case SLIPWAY_BEGIN:
			take_begin(cutter, statement);
			break;
		case SLIPWAY_COMMIT:
			take_commit(cutter, statement);
			break;
		case SLIPWAY_ALONE:
			take_alone(cutter, statement);
			break;
		case SLIPWAY_ORDINARY:
			take_ordinary(cutter, statement);
			break;
	}
}

/* A tree in a context of its own does not count to the size of the result's. */
static void
note_size(UnitCutter *cutter, const SlipwayStatement *statement, MemoryContext result)
{
	MemoryContext context = GetMemoryChunkContext(statement->tree);

	if (cutter->keep && context != result)
		cutter->apart += MemoryContextMemAllocated(context, false);
}

static void
cut_all(UnitCutter *cutter, SlipwayPlace *place, bool fixed_role, Size limit)
{
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "slipway statement",
												  SLIPWAY_STATEMENT_SIZES);
	SlipwayCutter *scanner = slipway_script_open(cutter->script, cutter->outline->expansion);
	int			nest = slipway_secret_begin();

	PG_TRY();
	{
		for (;;)
		{
			bool		more;

			cutter->keep = MemoryContextMemAllocated(result, false) + cutter->apart < limit;
			MemoryContextSwitchTo(cutter->keep ? result : scratch);
			place->in_statement = true;
			more = slipway_script_next(scanner, &place->statement);
			MemoryContextSwitchTo(result);
			if (!more)
				break;
			note_size(cutter, &place->statement, result);
			take_statement(cutter, &place->statement, fixed_role);
			MemoryContextReset(scratch);
		}
	}
	PG_FINALLY();
	{
		/* raw_parser() reads this global: it must not stay changed. */
		slipway_script_close(scanner);
		slipway_secret_end(nest);
	}
	PG_END_TRY();
	MemoryContextDelete(scratch);
}

/* Units that nothing but one BEGIN ... COMMIT divides. */
static void
make_single(SlipwayOutline *outline)
{
	SlipwayUnit single = {0, outline->nstatements, false, NIL};

	for (int i = 0; i < outline->nunits; i++)
		if (outline->units[i].options)
			single.options = outline->units[i].options;
	outline->units[0] = single;
	outline->nunits = 1;
}

static void
refuse_role(const SlipwayDirectives *directives, SlipwayPlace *place)
{
	place->statement = directives->run_as_at;
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("directive \"run-as\" is not allowed in a project with an owner role"),
			 errdetail("All its scripts run as that role.")));
}

/* What is said of a migration is said in its up script. */
static void
refuse_of_migration(const SlipwayDirectives *directives, SlipwayPlace *place)
{
	const SlipwayRequirement *first = directives->requirements ? linitial(directives->requirements) : NULL;

	if (first)
		place->statement = first->at;
	else if (directives->repeatable)
		place->statement = directives->repeatable_at;
	else
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("directive \"%s\" is not for %s", first ? "requires" : "repeatable",
					place->part ? psprintf("%s scripts", place->part) : "hooks"),
			 place->part ? errhint("It belongs into the script that applies the migration.") :
			 errhint("Hooks run in every run that has something to do.")));
}

SlipwayOutline *
slipway_outline(const char *migration, const char *part, const char *script, bool fixed_role,
					 Size limit)
{
	UnitCutter	cutter = {0};
	SlipwayPlace place;
	int			head;

	cutter.outline = palloc0(sizeof(SlipwayOutline));
	cutter.outline->context = CurrentMemoryContext;
	cutter.script = script;
	slipway_place_push(&place, migration, script, true);
	place.part = part;
	head = slipway_directives_read(&cutter.outline->directives, &place);
	if (cutter.outline->directives.run_as && fixed_role)
		refuse_role(&cutter.outline->directives, &place);
	fixed_role |= cutter.outline->directives.run_as != NULL;
	if (part || slipway_hook_is_name(migration))
		refuse_of_migration(&cutter.outline->directives, &place);
	if (cutter.outline->directives.variables)
		cutter.outline->expansion = slipway_expand(&place, &cutter.outline->directives, head);
	slipway_place_expand(&place, cutter.outline->expansion);
	cutter.script = place.script;
	if (cutter.outline->directives.no_transaction)
		set_stepwise(cutter.outline, "directive no-transaction", &cutter.outline->directives.no_transaction_at);
	cut_all(&cutter, &place, fixed_role, limit);
	if (cutter.in_block && !cutter.lone_commit)
	{
		place.statement = cutter.begin;
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("BEGIN without COMMIT"),
				 errhint("psql would roll such a script back. Take BEGIN out, or write COMMIT.")));
	}
	slipway_place_pop(&place);
	if (cutter.outline->stepwise_reason == NULL && cutter.outline->nunits > 1)
		make_single(cutter.outline);
	return cutter.outline;
}

const char *
slipway_outline_text(const SlipwayOutline *outline, const char *body)
{
	return outline->expansion ? outline->expansion->text : body;
}

/* Room for so many units, the first of which are copied. */
static SlipwayUnit *
copy_units(const SlipwayOutline *outline, int n, int capacity)
{
	SlipwayUnit *units = MemoryContextAlloc(outline->context, capacity * sizeof(SlipwayUnit));

	return memcpy(units, outline->units, n * sizeof(SlipwayUnit));
}

bool
slipway_outline_cut(SlipwayOutline *outline, int statement, bool alone)
{
	int			u = 0;
	SlipwayUnit old;
	SlipwayUnit *units;
	int			n;
	int			behind;

	while (u + 1 < outline->nunits && outline->units[u + 1].first <= statement)
		u++;
	old = outline->units[u];
	if (old.alone || (!alone && old.first == statement))
		return false;
	n = u;
	units = copy_units(outline, n, outline->nunits + 2);
	if (old.first < statement)
		units[n++] = (SlipwayUnit) {old.first, statement - old.first, false, old.options};
	if (alone)
		units[n++] = (SlipwayUnit) {statement, 1, true, NIL};
	behind = alone ? statement + 1 : statement;
	if (behind < old.first + old.n)
		units[n++] = (SlipwayUnit) {behind, old.first + old.n - behind, false, old.options};
	memcpy(units + n, outline->units + u + 1, (outline->nunits - u - 1) * sizeof(SlipwayUnit));
	outline->nunits += n - u - 1;
	outline->units = units;
	if (outline->stepwise_reason == NULL)
		outline->stepwise_reason = MemoryContextStrdup(outline->context,
													   psprintf("the statement on line %d",
																outline->statements[statement].start.line));
	return true;
}
