/*
 * message.h
 *	  What a run tells its client while it goes on: INFO messages, which a
 *	  script cannot mute, with a JSON object as their DETAIL.
 */
#ifndef SLIPWAY_MESSAGE_H
#define SLIPWAY_MESSAGE_H

#include "lib/stringinfo.h"

/* How each begins. */
#define SLIPWAY_EVENT_BEGIN "{\"event\":"

/* Begin an object with "event", add members (NULL text: left out, or null), send it. */
extern void slipway_event_begin(StringInfo json, const char *event);
extern void slipway_event_text(StringInfo json, const char *key, const char *value);
extern void slipway_event_null(StringInfo json, const char *key, const char *value);
extern void slipway_event_int(StringInfo json, const char *key, int64 value);
extern void slipway_event_ms(StringInfo json, const char *key, double value);
extern void slipway_event_send(StringInfo json, const char *format,...) pg_attribute_printf(2, 3);

#endif							/* SLIPWAY_MESSAGE_H */
