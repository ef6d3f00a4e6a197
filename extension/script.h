/*
 * script.h
 *	  The statements of a script.
 */
#ifndef SLIPWAY_SCRIPT_H
#define SLIPWAY_SCRIPT_H

#include "nodes/parsenodes.h"

#include "copy_data.h"
#include "expand.h"
#include "position.h"

/* A statement's place in its script, in bytes, without its semicolon. */
typedef struct SlipwayStatement
{
	int			location;
	int			length;
	SlipwayPosition start;
	int			lexer;			/* slipway_lexer_settings() it was parsed under */
	RawStmt    *tree;			/* NULL: parse it again */
	SlipwayCopyData data;		/* of COPY ... FROM STDIN */
} SlipwayStatement;

/*
 * Sizes of a context that is reset after each statement: a block that stays, as
 * statements of bulk loads would get megabytes from the system again and again.
 */
#define SLIPWAY_STATEMENT_SIZES 1024 * 1024, 64 * 1024, ALLOCSET_DEFAULT_MAXSIZE

typedef struct SlipwayCutter SlipwayCutter;

/*
 * Begins to cut a script into statements, lexed by the server's scanner and
 * parsed by its grammar. The script must outlive the cutter. Where it is the text of an expansion (not NULL), lines and
 * columns are those of what was written.
 */
extern SlipwayCutter *slipway_script_open(const char *script, const SlipwayExpansion *expansion);

/*
 * The next statement with its parse tree, in the current memory context;
 * false at the end. Raises what the scanner and the parser raise, with the
 * error's cursor counted from statement->location.
 * A SET standard_conforming_strings is obeyed for what follows it. What a COPY
 * reads from the script, and the two commands for psql that pg_dump writes,
 * are no statements; SW007 for other such commands, and for lone ones of the two.
 */
extern bool slipway_script_next(SlipwayCutter *cutter, SlipwayStatement *statement);

/* Must be called, also after an error: restores standard_conforming_strings. */
extern void slipway_script_close(SlipwayCutter *cutter);

/* A number for the settings that change how a statement is parsed. */
extern int	slipway_lexer_settings(void);

/* Text of one statement, palloc'd. */
extern char *slipway_statement_text(const char *script, const SlipwayStatement *statement);

/*
 * Parses the text of one statement; raises an error if the grammar sees
 * another number of them, as it might under other lexer settings.
 */
extern RawStmt *slipway_statement_parse(const char *text);

#endif							/* SLIPWAY_SCRIPT_H */
