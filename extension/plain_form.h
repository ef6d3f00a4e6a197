/*
 * plain_form.h
 *	  Concurrent commands on indexes, turned into those that a transaction can hold.
 */
#ifndef SLIPWAY_PLAIN_FORM_H
#define SLIPWAY_PLAIN_FORM_H

#include "nodes/nodes.h"

#include "options.h"

/*
 * Makes a statement of which slipway_refuse_check() has said that it stands alone a plain one. False
 * if it has no such form, or its table is too large by the options of a rehearsal: then
 * *reason says why it is not rehearsed.
 */
extern bool slipway_plain_form(Node *stmt, const SlipwayOptions *options, char **reason);

#endif							/* SLIPWAY_PLAIN_FORM_H */
