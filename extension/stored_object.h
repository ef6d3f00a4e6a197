/*
 * stored_object.h
 *	  Writes objects of a snapshot into slipway.schema_object.
 *
 * Without a query: the definition of a function can hold the value of a secret variable, and whatever
 * logs the parameters of statements would log it.
 */
#ifndef SLIPWAY_STORED_OBJECT_H
#define SLIPWAY_STORED_OBJECT_H

#include "snapshot.h"

typedef struct SlipwayObjectWriter SlipwayObjectWriter;

/* Inside a scope of spi.h. No triggers fire. */
extern SlipwayObjectWriter *slipway_stored_object_open(const char *project, int64 snapshot);
extern void slipway_stored_object_add(SlipwayObjectWriter *writer, const SlipwayObject *object);
extern void slipway_stored_object_close(SlipwayObjectWriter *writer);

#endif							/* SLIPWAY_STORED_OBJECT_H */
