/*
 * secret_fault.c
 *	  Why something did not work with a store of secrets.
 */
#include "secret_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "memory.h"

SlipwaySecretFault *
slipway_secret_fault_new(SlipwaySecretFaultKind kind, const char *hint, const char *format,...)
{
	SlipwaySecretFault *fault = slipway_memory_new(sizeof(SlipwaySecretFault));
	va_list		arguments;

	fault->kind = kind;
	fault->hint = hint != NULL ? slipway_memory_copy(hint) : NULL;
	va_start(arguments, format);
	fault->text = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	return fault;
}

void
slipway_secret_fault_free(SlipwaySecretFault *fault)
{
	if (fault == NULL)
		return;
	free(fault->text);
	free(fault->hint);
	free(fault);
}

const char *
slipway_secret_fault_name(SlipwaySecretFaultKind kind)
{
	static const char *const names[SLIPWAY_SECRET_FAULT_KINDS] = {
		"usage", "unreachable", "login", "forbidden", "missing", "conflict", "malformed", "unsupported"
	};

	return names[kind];
}

SlipwayExitCode
slipway_secret_fault_exit_code(const SlipwaySecretFault *fault)
{
	switch (fault->kind)
	{
		case SLIPWAY_SECRET_FAULT_UNREACHABLE:
			return SLIPWAY_EXIT_CONNECTION;
		case SLIPWAY_SECRET_FAULT_USAGE:
		case SLIPWAY_SECRET_FAULT_UNSUPPORTED:
			return SLIPWAY_EXIT_USAGE;
		default:
			return SLIPWAY_EXIT_ERROR;
	}
}

void
slipway_secret_fault_check(SlipwaySecretFault *fault)
{
	if (fault != NULL)
		slipway_die(slipway_secret_fault_exit_code(fault), fault->hint, "%s", fault->text);
}
