/*
 * actor.h
 *	  Who does something: what history says of the person and the program.
 */
#ifndef SLIPWAY_ACTOR_H
#define SLIPWAY_ACTOR_H

typedef struct SlipwayActor
{
	char	   *session_role;	/* who logged in: slipway_actor_name() */
	char	   *effective_role; /* as whom scripts run */
	char	   *client_addr;	/* numeric; NULL on a local socket */
	char	   *application_name;
	char	   *client_version; /* as the client says; NULL: plain SQL */
} SlipwayActor;

/*
 * The name of who has logged in, as all records have it, in the form of utf8_form.h: so that those of one record can be compared with those of
 * another. It need not be that of a role.
 */
extern char *slipway_actor_name(void);

/* The caller, with scripts run as owner, if not NULL. In a transaction. */
extern SlipwayActor *slipway_actor_current(const char *owner, const char *client_version);

/*
 * Raises 42501 where function ("slipway.approve()") is not called by the session's user of his own will, whose name
 * would stand for it: in a function with SECURITY DEFINER, or in what the server runs as the owner of a
 * table, whoever has its index analyzed. The second one: only in the latter.
 */
extern void slipway_actor_require_self(const char *function);
extern void slipway_actor_require_will(const char *function);

/* An actor with scripts run as another role. */
extern SlipwayActor *slipway_actor_as(const SlipwayActor *actor, const char *role);

/*
 * From now on this session works for another one: that one's address and
 * application_name, which must last, are the caller's.
 */
extern void slipway_actor_stand_in(const char *client_addr, const char *application);

#endif							/* SLIPWAY_ACTOR_H */
