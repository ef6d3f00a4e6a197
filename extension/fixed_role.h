/*
 * fixed_role.h
 *	  Makes the role of the session one that no SET or RESET changes.
 *
 * For what runs as another role without a security context that would forbid it.
 */
#ifndef SLIPWAY_FIXED_ROLE_H
#define SLIPWAY_FIXED_ROLE_H

/* From now on the settings for role and session authorization cannot be changed, or can be again. */
extern void slipway_fixed_role(bool fixed);

/* Called once from _PG_init. */
extern void slipway_fixed_role_init(void);

#endif							/* SLIPWAY_FIXED_ROLE_H */
