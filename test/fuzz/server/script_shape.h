/*
 * script_shape.h
 *	  What a script looks like, for the fuzzer: the server's scanner and grammar are not made with what shows it where it gets.
 */
#ifndef SCRIPT_SHAPE_H
#define SCRIPT_SHAPE_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * Counts as reached: the kinds of its statements, and which kinds of tokens follow each other, with what between them. For texts
 * that the grammar takes.
 */
extern void script_shape_note(const char *text, const List *statements);

#endif
