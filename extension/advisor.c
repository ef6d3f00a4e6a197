/*
 * advisor.c
 *	  Collects what is to be said about a rehearsal.
 */
#include "postgres.h"

#include "storage/lock.h"
#include "utils/builtins.h"

#include "advisor.h"

/* In uses a second: once a minute is use. */
#define IN_USE (1.0 / 60)

const char *
slipway_advisor_mode_name(LOCKMODE mode)
{
	return GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
}

char *
slipway_advisor_fill_in(const char *advice, const char *table, const char *name)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *p = advice; *p; p++)
	{
		if (p[0] == '%' && (p[1] == 't' || p[1] == 'c'))
			appendStringInfoString(&text, *++p == 't' ? table : name ? quote_identifier(name) : "...");
		else
			appendStringInfoChar(&text, *p);
	}
	return text.data;
}

SlipwayFinding *
slipway_advisor_add(SlipwayAdvisor *advisor, const SlipwayObserved *about,
					const SlipwayTouched *relation, const char *code)
{
	SlipwayFinding *finding = palloc0(sizeof(SlipwayFinding));

	finding->code = code;
	finding->about = about;
	finding->relation = relation;
	finding->uses_per_second = relation ? slipway_finding_uses(relation) : -1;
	advisor->findings = lappend(advisor->findings, finding);
	return finding;
}

char *
slipway_advisor_facts(const SlipwayFinding *finding)
{
	return slipway_finding_facts(finding->relation, finding->uses_per_second);
}

const char *
slipway_advisor_describe_mode(LOCKMODE mode)
{
	if (mode == AccessExclusiveLock)
		return "nobody can read or write it meanwhile";
	return mode >= ShareLock ? "nobody can write it meanwhile" : "others can read and write it meanwhile";
}

SlipwayFinding *
slipway_advisor_work(SlipwayAdvisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table,
					 LOCKMODE mode, const char *code, const char *what, char *advice)
{
	SlipwayFinding *finding = slipway_advisor_add(advisor, about, table, code);

	finding->severity = slipway_finding_severity(table, finding->uses_per_second, about->duration_ms);
	finding->message = psprintf("%s %s under %s, in %.0f ms: %s", what, slipway_advisor_facts(finding),
								slipway_advisor_mode_name(mode),
								about->duration_ms, slipway_advisor_describe_mode(mode));
	finding->advice = advice;
	return finding;
}

static SlipwaySeverity
severity_of_use(double uses)
{
	return uses >= SLIPWAY_BUSY ? SLIPWAY_DANGER : uses >= IN_USE ? SLIPWAY_WARNING : SLIPWAY_NOTE;
}

void
slipway_advisor_use(SlipwayAdvisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table,
					const char *code, const char *what, char *advice)
{
	SlipwayFinding *finding;

	if (slipway_finding_uses(table) < IN_USE)
		return;
	finding = slipway_advisor_add(advisor, about, table, code);
	finding->severity = severity_of_use(finding->uses_per_second);
	finding->message = psprintf("%s %s, which is in use", what, slipway_advisor_facts(finding));
	finding->advice = advice;
}

LOCKMODE
slipway_advisor_mode(const SlipwayObserved *about, const SlipwayTouched *relation)
{
	ListCell   *cell;

	foreach(cell, about->locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (lock->of == relation)
			return lock->mode;
	}
	return about->target ? about->target_mode : NoLock;
}

bool
slipway_advisor_is_part(const SlipwayTouched *relation, const SlipwayTouched *table)
{
	while (relation && relation != table)
		relation = relation->parent;
	return relation != NULL;
}

const SlipwayTouched *
slipway_advisor_largest(List *relations)
{
	const SlipwayTouched *largest = NULL;
	ListCell   *cell;

	foreach(cell, relations)
	{
		const SlipwayTouched *relation = lfirst(cell);

		if (largest == NULL || relation->size_bytes > largest->size_bytes)
			largest = relation;
	}
	return largest;
}
