/*
 * carried.c
 *	  Settings that last from one unit of a migration to the next.
 *
 * Each unit begins with the settings of the session and undoes what it has
 * changed before its record is written. What a plain SET of the script was
 * meant to change for good is found in the server's stack of settings, which
 * also knows of set_config() in a query, and set again for the next unit.
 *
 * transaction_isolation and its like belong to one transaction; like seed they are
 * marked as not to be reset by RESET ALL. So are role and session_authorization,
 * which a script does expect to last.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "carried.h"
#include "compat.h"
#include "settings.h"
#include "variable.h"

typedef struct Setting
{
	char	   *name;
	char	   *value;
	bool		defined;		/* by the server or a module, when it was set: that was allowed */
} Setting;

struct SlipwayRemembered
{
	List	   *settings;
};

/* The order matters: the second belongs to the first. */
static const char *const identities[] = {"session_authorization", "role"};

static bool
is_identity(const char *name)
{
	for (int i = 0; i < lengthof(identities); i++)
		if (strcmp(name, identities[i]) == 0)
			return true;
	return false;
}

static bool
can_last(const struct config_generic *variable)
{
	return variable->context != PGC_INTERNAL &&
		((variable->flags & GUC_NO_RESET_ALL) == 0 || is_identity(variable->name));
}

static Setting *
find_setting(List *settings, const char *name)
{
	ListCell   *cell;

	foreach(cell, settings)
	{
		Setting    *setting = lfirst(cell);

		if (strcmp(setting->name, name) == 0)
			return setting;
	}
	return NULL;
}

/* Adds one, or gives it another value, in the current memory context. */
static List *
put_setting(List *settings, const char *name, const char *value, bool defined)
{
	Setting    *setting = find_setting(settings, name);

	if (setting == NULL)
	{
		setting = palloc(sizeof(Setting));
		setting->name = pstrdup(name);
		/* A change of identity takes the right to make the other changes. */
		settings = is_identity(name) ? lappend(settings, setting) : lcons(setting, settings);
	}
	setting->value = pstrdup(value);
	setting->defined = defined;
	return settings;
}

static List *
put_variable(List *settings, const struct config_generic *variable, const char *value)
{
	return put_setting(settings, variable->name, value, (variable->flags & GUC_CUSTOM_PLACEHOLDER) == 0);
}

/*
 * The script had the right to set it, unless no module had defined it: then anybody may, and whether
 * the value counts is decided as the server does when the module is loaded, by the rights of who has set it.
 */
static void
set(const Setting *setting, Oid role, GucAction action)
{
	if (setting->defined)
		slipway_settings_put(setting->name, setting->value, PGC_SUSET, action);
	else
		(void) set_config_option_ext(setting->name, setting->value, superuser_arg(role) ? PGC_SUSET : PGC_USERSET,
									 PGC_S_SESSION, role, action, true, WARNING, false);
}

/* As it was when the session began. */
static void
reset(const char *name)
{
	slipway_settings_put(name, NULL, PGC_SUSET, GUC_ACTION_SET);
}

static void
set_all(List *settings, Oid role, GucAction action)
{
	ListCell   *cell;

	foreach(cell, settings)
		set(lfirst(cell), OidIsValid(role) ? role : GetUserId(), action);
}

ArrayType *
slipway_carried_array(const SlipwayCarried *carried)
{
	Datum	   *values = palloc((2 * list_length(carried->settings) + 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *cell;

	foreach(cell, carried->settings)
	{
		Setting    *setting = lfirst(cell);

		values[n++] = CStringGetTextDatum(setting->name);
		values[n++] = CStringGetTextDatum(slipway_variables_to_names(carried->variables, setting->value));
	}
	return construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
}

void
slipway_carried_load(SlipwayCarried *carried, ArrayType *array)
{
	MemoryContext caller = MemoryContextSwitchTo(carried->context);
	Datum	   *values;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	carried->settings = NIL;
	for (int i = 0; i + 1 < n; i += 2)
	{
		Setting    *setting = palloc(sizeof(Setting));

		setting->name = TextDatumGetCString(values[i]);
		setting->value = slipway_variables_from_names(carried->variables, TextDatumGetCString(values[i + 1]));
		/* Of a module, it may not have been when it was set. */
		setting->defined = strchr(setting->name, '.') == NULL;
		carried->settings = lappend(carried->settings, setting);
	}
	MemoryContextSwitchTo(caller);
}

SlipwayCarried
slipway_carried_identity(const SlipwayCarried *carried)
{
	MemoryContext caller = MemoryContextSwitchTo(carried->context);
	SlipwayCarried identity = {NIL, carried->context, carried->variables};
	ListCell   *cell;

	foreach(cell, carried->settings)
		if (is_identity(((const Setting *) lfirst(cell))->name))
			identity.settings = lappend(identity.settings, lfirst(cell));
	MemoryContextSwitchTo(caller);
	return identity;
}

void
slipway_carried_apply(const SlipwayCarried *carried, Oid role)
{
	set_all(carried->settings, role, GUC_ACTION_SAVE);
}

void
slipway_carried_set(const SlipwayCarried *carried, Oid role)
{
	set_all(carried->settings, role, GUC_ACTION_SET);
}

/* A value that something else hides, as text; of the types that have no name for it as a number. */
static char *
hidden_value(const struct config_generic *variable, const union config_var_val *value)
{
	switch (variable->vartype)
	{
		case PGC_BOOL:
			return value->boolval ? "on" : "off";
		case PGC_INT:
			return psprintf("%d", value->intval);
		case PGC_REAL:
			return psprintf("%.17g", value->realval);
		case PGC_STRING:
			return value->stringval ? value->stringval : "";
		case PGC_ENUM:
			return (char *) config_enum_lookup_by_value((struct config_enum *) variable, value->enumval);
	}
	return "";
}

/* The value that would last from that nest level on, or NULL. */
static const char *
lasting_value(const struct config_generic *variable, int nest)
{
	const GucStack *stack = variable->stack;

	if (stack == NULL || stack->nest_level != nest)
		return NULL;
	if (stack->state == GUC_SET)
		return slipway_settings_value(variable);
	return stack->state == GUC_SET_LOCAL ? hidden_value(variable, &stack->masked.val) : NULL;
}

void
slipway_carried_collect(SlipwayCarried *carried, int nest)
{
	MemoryContext caller = MemoryContextSwitchTo(carried->context);
	int			n;
	struct config_generic **variables = slipway_guc_variables(&n);

	for (int i = 0; i < n; i++)
	{
		const char *value = can_last(variables[i]) ? lasting_value(variables[i], nest) : NULL;

		if (value)
			carried->settings = put_variable(carried->settings, variables[i], value);
	}
	MemoryContextSwitchTo(caller);
}

/* What the session has SET, under a SET LOCAL of this transaction; or NULL. */
static const char *
session_value(const struct config_generic *variable)
{
	const GucStack *stack = variable->stack;

	if (stack && stack->state == GUC_SET_LOCAL)
		return hidden_value(variable, &stack->masked.val);
	if (stack && stack->state == GUC_LOCAL)
		return stack->source == PGC_S_SESSION ? hidden_value(variable, &stack->prior.val) : NULL;
	return variable->source == PGC_S_SESSION ? slipway_settings_value(variable) : NULL;
}

SlipwayRemembered *
slipway_carried_remember(void)
{
	SlipwayRemembered *session = palloc0(sizeof(SlipwayRemembered));
	int			n;
	struct config_generic **variables = slipway_guc_variables(&n);

	for (int i = 0; i < n; i++)
	{
		const char *value = can_last(variables[i]) ? session_value(variables[i]) : NULL;

		if (value)
			session->settings = put_variable(session->settings, variables[i], value);
	}
	return session;
}

/* Is this one of the settings, with the same value? */
static bool
is_among(List *settings, const Setting *setting)
{
	const Setting *found = find_setting(settings, setting->name);

	return found && strcmp(found->value, setting->value) == 0;
}

void
slipway_carried_add(SlipwayCarried *carried, const SlipwayRemembered *then)
{
	SlipwayRemembered *now = slipway_carried_remember();
	MemoryContext caller = MemoryContextSwitchTo(carried->context);
	ListCell   *cell;

	foreach(cell, now->settings)
	{
		Setting    *setting = lfirst(cell);

		if (!is_among(then->settings, setting))
			carried->settings = put_setting(carried->settings, setting->name, setting->value, setting->defined);
	}
	MemoryContextSwitchTo(caller);
}

void
slipway_carried_restore(const SlipwayRemembered *then)
{
	SlipwayRemembered *now = slipway_carried_remember();
	ListCell   *cell;

	/* Identities first, and back: who may reset the others is who set them. */
	for (int i = lengthof(identities) - 1; i >= 0; i--)
		if (find_setting(now->settings, identities[i]))
			reset(identities[i]);
	foreach(cell, now->settings)
	{
		Setting    *setting = lfirst(cell);

		if (find_setting(then->settings, setting->name) == NULL && !is_identity(setting->name))
			reset(setting->name);
	}
	foreach(cell, then->settings)
	{
		Setting    *setting = lfirst(cell);

		if (is_identity(setting->name) || !is_among(now->settings, setting))
			set(setting, GetUserId(), GUC_ACTION_SET);
	}
}
