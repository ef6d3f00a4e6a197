/*
 * error_code.h
 *	  The SQLSTATEs of pg_slipway, class SW. doc/errors.md explains each.
 *
 * An error raised by a script keeps the SQLSTATE that the server gave it.
 */
#ifndef SLIPWAY_ERROR_CODE_H
#define SLIPWAY_ERROR_CODE_H

#include "utils/elog.h"

#define SLIPWAY_ERROR(n) MAKE_SQLSTATE('S', 'W', '0', '0' + (n) / 10, '0' + (n) % 10)

#define SLIPWAY_CHECKSUM_CHANGED	SLIPWAY_ERROR(1)	/* applied with another script */
#define SLIPWAY_MISSING_MIGRATION	SLIPWAY_ERROR(2)	/* applied or begun, not in manifest */
#define SLIPWAY_NOT_IN_ORDER		SLIPWAY_ERROR(3)	/* pending below an applied one */
#define SLIPWAY_AMBIGUOUS_ORDER		SLIPWAY_ERROR(4)	/* bytes and numbers disagree */
#define SLIPWAY_DUPLICATE_NAME		SLIPWAY_ERROR(5)
#define SLIPWAY_LOCKED				SLIPWAY_ERROR(6)	/* lock not obtained in time */
#define SLIPWAY_REFUSED_STATEMENT	SLIPWAY_ERROR(7)
#define SLIPWAY_NOT_APPROVED		SLIPWAY_ERROR(8)
#define SLIPWAY_NOT_UPLOADED		SLIPWAY_ERROR(9)	/* script or manifest */
#define SLIPWAY_INTERRUPTED			SLIPWAY_ERROR(10)
#define SLIPWAY_NOT_APPLIED			SLIPWAY_ERROR(11)	/* slipway.require() */
#define SLIPWAY_UNKNOWN_PROJECT		SLIPWAY_ERROR(12)
#define SLIPWAY_CHAIN_BROKEN		SLIPWAY_ERROR(14)
#define SLIPWAY_UNKNOWN_OUTCOME		SLIPWAY_ERROR(15)	/* of a statement that commits by itself */
#define SLIPWAY_INVALID_NAME		SLIPWAY_ERROR(16)
#define SLIPWAY_PROTECTED			SLIPWAY_ERROR(17)	/* tracking tables */
#define SLIPWAY_INVALID_MANIFEST	SLIPWAY_ERROR(18)
#define SLIPWAY_NO_WAY_BACK			SLIPWAY_ERROR(20)	/* no down script */
#define SLIPWAY_PART_WAY			SLIPWAY_ERROR(21)	/* begun, and to be finished first */
#define SLIPWAY_VERIFY_FAILED		SLIPWAY_ERROR(25)	/* slipway.verify() */
#define SLIPWAY_UNMET_REQUIREMENT	SLIPWAY_ERROR(27)	/* directive requires */
#define SLIPWAY_MISSING_VALUE		SLIPWAY_ERROR(28)	/* of a variable */
#define SLIPWAY_OTHER_MAJOR			SLIPWAY_ERROR(30)	/* of the server, that made a snapshot */
#define SLIPWAY_NO_SNAPSHOT			SLIPWAY_ERROR(33)	/* of what the last run has left */

#define SLIPWAY_REHEARSAL_STOPPED	SLIPWAY_ERROR(31)	/* it has held a strong lock long enough */

#define SLIPWAY_NO_CREDENTIAL		SLIPWAY_ERROR(40)	/* of a project: none is registered */
#define SLIPWAY_CREDENTIAL_STATE	SLIPWAY_ERROR(41)	/* a step that is not possible in it */
#define SLIPWAY_FOREIGN_ROLE		SLIPWAY_ERROR(42)	/* it exists, and was not made here */
#define SLIPWAY_ROLE_OWNS			SLIPWAY_ERROR(43)	/* objects, so that it cannot be dropped */
#define SLIPWAY_CREDENTIAL_INVALID	SLIPWAY_ERROR(44)	/* slipway.validate_credential() */
#define SLIPWAY_NOT_CLAIMED			SLIPWAY_ERROR(45)	/* an item of a batch, any more */
#define SLIPWAY_INVALID_CREDENTIAL	SLIPWAY_ERROR(46)	/* what is to be registered */

#endif							/* SLIPWAY_ERROR_CODE_H */
