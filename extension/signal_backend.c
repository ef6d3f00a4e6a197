/*
 * signal_backend.c
 *	  Asks another backend to give up what it is doing.
 */
#include "postgres.h"

#include <signal.h>

#include "storage/procarray.h"

#include "signal_backend.h"

/* As pg_cancel_backend() does: the backend may have children of its own. */
static bool
send_cancel(int pid)
{
#ifdef HAVE_SETSID
	return kill(-pid, SIGINT) == 0;
#else
	return kill(pid, SIGINT) == 0;
#endif
}

bool
slipway_signal_cancel(int pid)
{
	return BackendPidGetProc(pid) != NULL && send_cancel(pid);
}
