/*
 * target_renewal.h
 *	  What a store of secrets says by now of where to connect to.
 */
#ifndef SLIPWAY_TARGET_RENEWAL_H
#define SLIPWAY_TARGET_RENEWAL_H

#include "option.h"
#include "target.h"

typedef enum SlipwayRenewal
{
	SLIPWAY_RENEWAL_SAME,		/* or it cannot be asked */
	SLIPWAY_RENEWAL_PENDING,	/* the same still, but a password is being changed just now */
	SLIPWAY_RENEWAL_CHANGED
} SlipwayRenewal;

/*
 * Asks the store anew, past what is remembered of it, and puts its answer into the target, if that came from a store whose
 * secrets can change under a process.
 */
SlipwayRenewal slipway_target_renew(const SlipwayArguments *arguments, SlipwayTarget *target);

#endif
