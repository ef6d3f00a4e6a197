/*
 * barbican.h
 *	  OpenStack's key manager: its interface, version 1, over HTTP.
 *
 * Logs in when it is first asked. A token that is not valid any more is renewed once for a call.
 */
#ifndef SLIPWAY_BARBICAN_H
#define SLIPWAY_BARBICAN_H

#include <jansson.h>
#include <stddef.h>

#include "keystone.h"
#include "secret_buffer.h"
#include "secret_fault.h"

typedef struct SlipwayBarbican SlipwayBarbican;

/* A question and its answer. */
typedef struct SlipwayBarbicanCall
{
	const char *method;
	char	   *path;			/* below /v1/, with its query; freed by the release */
	const char *accept;			/* NULL: JSON */
	json_t	   *body;			/* or NULL; released as soon as it is sent */

	long		status;
	SlipwaySecretBuffer answer;
	SlipwaySecretFault *fault;	/* of what was not answered by 2xx */
} SlipwayBarbicanCall;

/* Finds out how to log in; asks no server. */
SlipwaySecretFault *slipway_barbican_open(SlipwayBarbican **barbican);
void		slipway_barbican_close(SlipwayBarbican *barbican);

/* Logs in if that was not done yet. The rest is for the health check. */
SlipwaySecretFault *slipway_barbican_log_in(SlipwayBarbican *barbican);
const SlipwayToken *slipway_barbican_token(const SlipwayBarbican *barbican);
const SlipwayOpenStack *slipway_barbican_cloud(const SlipwayBarbican *barbican);

/* Makes all calls, several at a time. Without a login, and for other reasons that are about all of them, returns a fault. */
SlipwaySecretFault *slipway_barbican_perform(SlipwayBarbican *barbican, SlipwayBarbicanCall *calls, size_t count);

/* Wipes and frees answers and questions. */
void		slipway_barbican_release(SlipwayBarbicanCall *calls, size_t count);

/* The answer to a call as an object, or a fault: that of the call, which it has no more then. */
SlipwaySecretFault *slipway_barbican_read(SlipwayBarbicanCall *call, json_t **answer);

/*
 * Everything of a kind ("secrets" or "containers") that a query ("name=x", or "") finds, oldest first, as an array. A name in
 * a query is a pattern: what has another name has to be sorted out. Items that are not as they ought to be are left out.
 */
SlipwaySecretFault *slipway_barbican_list(SlipwayBarbican *barbican, const char *kind, const char *query, json_t **items);

/* Makes one and returns its reference, which the caller frees. */
SlipwaySecretFault *slipway_barbican_create(SlipwayBarbican *barbican, const char *kind, json_t *body, char **reference);

/* Removes what these references, as an array of texts, are of. What is gone already is no fault. */
SlipwaySecretFault *slipway_barbican_delete(SlipwayBarbican *barbican, const json_t *references);

/* "secrets/UUID" of a reference, which the caller frees; NULL: it is none. */
char	   *slipway_barbican_path(const char *reference);

/* A value in a query, escaped; the caller frees it. */
char	   *slipway_barbican_escape(const char *text);

#endif
