/*
 * batch_run.c
 *	  Works on a batch, with several processes at a time.
 */
#include "batch_run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch_worker.h"
#include "buffer.h"
#include "clock.h"
#include "die.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "progress.h"

/* How many may be started in the place of those that have died, beside as many as there are. */
#define MAX_RESPAWNS 20

typedef struct Hand
{
	pid_t		pid;			/* 0: there is none */
	int			channel;
	bool		busy;
	char	   *project;		/* what it is at, or NULL */
	double		began_at;		/* with that; slipway_clock_now() */
	SlipwayBuffer line;			/* the beginning of one that is not whole */
} Hand;

typedef struct Crew
{
	SlipwayBatchRun *run;
	Hand	   *hands;
	int			signals;		/* how many have come */
	int			respawns;
	bool		empty;			/* somebody was told that there is nothing */
	bool		lost_one;		/* somebody has died, or left an item, since: there may be something again */
	double		began_at;
	SlipwayProgress *progress;
} Crew;

static void
start(Crew *crew, Hand *hand)
{
	int			ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not make a socket: %s", strerror(errno));
	(void) fflush(stdout);
	hand->pid = fork();
	if (hand->pid < 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not make a process: %s", strerror(errno));
	if (hand->pid == 0)
	{
		/* with those of the others it would keep them from noticing that the parent is gone */
		for (int i = 0; i < crew->run->parallel; i++)
			if (crew->hands[i].pid > 0)
				(void) close(crew->hands[i].channel);
		(void) close(ends[0]);
		slipway_batch_worker_run(crew->run->arguments, crew->run->batch, ends[1]);
	}
	(void) close(ends[1]);
	(void) fcntl(ends[0], F_SETFL, O_NONBLOCK);
	hand->channel = ends[0];
	hand->busy = false;
}

static bool
may_begin(Crew *crew)
{
	SlipwayBatchRun *run = crew->run;

	if (run->stop != SLIPWAY_BATCH_NOT_STOPPED)
		return false;
	if (run->max_failures > 0 && run->counts.failed + run->counts.rolled_back >= run->max_failures)
		run->stop = SLIPWAY_BATCH_TOO_MANY_FAILURES;
	else if (run->max_duration > 0 && slipway_clock_now() - crew->began_at >= run->max_duration)
		run->stop = SLIPWAY_BATCH_OUT_OF_TIME;
	return run->stop == SLIPWAY_BATCH_NOT_STOPPED && !crew->empty;
}

/* A worker that is gone is noticed when it is read from; one that cannot be told does not wait for it, and ends, too. */
static void
order(Hand *hand, char what)
{
	ssize_t		length;

	do
		length = send(hand->channel, &what, 1, MSG_NOSIGNAL);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		(void) shutdown(hand->channel, SHUT_RDWR);
}

/* What is being worked on now, for the progress. */
static void
show_projects(Crew *crew)
{
	SlipwayBuffer text = {0};
	double		now = slipway_clock_now();
	double		longest = 0;
	char	   *line;

	for (int i = 0; i < crew->run->parallel; i++)
		if (crew->hands[i].project != NULL)
		{
			slipway_buffer_format(&text, "%s%s", text.length > 0 ? ", " : "", crew->hands[i].project);
			if (now - crew->hands[i].began_at > longest)
				longest = now - crew->hands[i].began_at;
		}
	line = slipway_buffer_take(&text);
	if (crew->progress != NULL)
		crew->progress->done = crew->run->counts.succeeded + crew->run->counts.failed + crew->run->counts.rolled_back;
	slipway_progress_move(crew->progress, line, longest);
	free(line);
}

static const char *
read_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void
note_done(Crew *crew, const json_t *object)
{
	const char *outcome = read_text(object, "outcome");
	const char *message = read_text(object, "message");
	char	   *duration = slipway_output_duration(json_number_value(json_object_get(object, "duration")));
	SlipwayBatchCounts *counts = &crew->run->counts;
	bool		succeeded = strcmp(outcome, "succeeded") == 0;

	*(succeeded ? &counts->succeeded : strcmp(outcome, "rolled_back") == 0 ? &counts->rolled_back : &counts->failed) += 1;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:O, s:s, s:O, s:O, s:O}", "event", "item", "project", json_object_get(object, "project"),
									  "outcome", outcome, "duration_ms", json_object_get(object, "duration"),
									  "exit_code", json_object_get(object, "exit_code"), "message", json_object_get(object, "message")));
	else if (succeeded)
		slipway_output_say("%s: succeeded in %s", read_text(object, "project"), duration);
	else
		slipway_output_warn(NULL, "%s: %s: %s", read_text(object, "project"),
							strcmp(outcome, "rolled_back") == 0 ? "rolled back" : outcome, message != NULL ? message : "");
	free(duration);
}

static void
note_fault(Crew *crew, const json_t *object)
{
	SlipwayBatchRun *run = crew->run;

	if (run->fault == NULL)
		run->fault = slipway_memory_copy(read_text(object, "message") != NULL ? read_text(object, "message") : "unknown");
	run->fault_code = (SlipwayExitCode) json_integer_value(json_object_get(object, "exit_code"));
}

static void
note_event(Crew *crew, Hand *hand, const json_t *object)
{
	const char *event = read_text(object, "event");

	if (strcmp(event, "begun") == 0)
	{
		hand->project = slipway_memory_copy(read_text(object, "project"));
		hand->began_at = slipway_clock_now();
	}
	else if (strcmp(event, "say") == 0)
		slipway_output_detail("%s: %s", read_text(object, "project"), read_text(object, "text"));
	else if (strcmp(event, "fault") == 0)
		note_fault(crew, object);
	else
	{
		if (strcmp(event, "done") == 0)
			note_done(crew, object);
		else if (strcmp(event, "nothing") == 0)
			crew->empty = true;
		else
		{
			crew->lost_one = crew->run->lost_some = true;
			slipway_output_say("%s: %s", read_text(object, "project"), read_text(object, "message"));
		}
		free(hand->project);
		hand->project = NULL;
		hand->busy = false;
	}
	show_projects(crew);
}

static void
take_line(Crew *crew, Hand *hand, const char *line)
{
	json_t	   *object = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;

	if (object != NULL && read_text(object, "event") != NULL)
		note_event(crew, hand, object);
	else if (*line != '\0')
		slipway_output_say("%s", line);
	json_decref(object);
}

static void
take_lines(Crew *crew, Hand *hand)
{
	char	   *text = slipway_buffer_take(&hand->line);
	char	   *start_of_line = text;
	char	   *end;

	while ((end = strchr(start_of_line, '\n')) != NULL)
	{
		*end = '\0';
		take_line(crew, hand, start_of_line);
		start_of_line = end + 1;
	}
	slipway_buffer_add(&hand->line, start_of_line);
	free(text);
}

/* It has ended, by itself or by force. */
static void
bury(Crew *crew, Hand *hand)
{
	int			status = 0;

	(void) close(hand->channel);
	while (waitpid(hand->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		slipway_output_warn(NULL, "a worker was ended by signal %d%s%s", WTERMSIG(status), hand->project != NULL ? " at project " : "",
							hand->project != NULL ? hand->project : "");
	else if (WEXITSTATUS(status) != 0 && crew->run->fault == NULL)
	{
		crew->run->fault = slipway_memory_copy("a worker has ended");
		crew->run->fault_code = (SlipwayExitCode) WEXITSTATUS(status);
	}
	if (hand->busy || hand->project != NULL)
		crew->lost_one = crew->run->lost_some = true;
	free(hand->project);
	free(hand->line.data);
	*hand = (Hand) {.pid = 0};
	show_projects(crew);
}

static void
listen_to(Crew *crew, Hand *hand)
{
	char		bytes[4096];
	ssize_t		length = read(hand->channel, bytes, sizeof(bytes));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (length <= 0)
	{
		bury(crew, hand);
		return;
	}
	slipway_buffer_add_bytes(&hand->line, bytes, (size_t) length);
	take_lines(crew, hand);
}

static int
count_hands(const Crew *crew, bool busy)
{
	int			count = 0;

	for (int i = 0; i < crew->run->parallel; i++)
		count += crew->hands[i].pid > 0 && (!busy || crew->hands[i].busy);
	return count;
}

/*
 * Gives work to those who have none. Where one has died, another one is started, but not for ever: and none at all once a
 * worker has said that it cannot go on.
 */
static void
distribute(Crew *crew)
{
	for (int i = 0; i < crew->run->parallel && may_begin(crew); i++)
	{
		Hand	   *hand = &crew->hands[i];

		if (hand->pid == 0 && crew->run->fault == NULL && crew->respawns < crew->run->parallel + MAX_RESPAWNS)
		{
			crew->respawns++;
			start(crew, hand);
		}
		if (hand->pid > 0 && !hand->busy)
		{
			hand->busy = true;
			order(hand, SLIPWAY_BATCH_GO);
		}
	}
}

static void
note_signal(Crew *crew)
{
	crew->signals++;
	if (crew->run->stop != SLIPWAY_BATCH_INTERRUPTED && crew->signals == 1)
	{
		crew->run->stop = SLIPWAY_BATCH_INTERRUPTED;
		slipway_output_say("no project is begun any more; %d being worked on; once more to have them undone", count_hands(crew, true));
	}
	for (int i = 0; i < crew->run->parallel; i++)
		if (crew->hands[i].pid > 0 && crew->signals == 2)
			order(&crew->hands[i], SLIPWAY_BATCH_STOP);
		else if (crew->hands[i].pid > 0 && crew->signals > 2)
			(void) kill(crew->hands[i].pid, SIGKILL);
}

static void
wait_for_news(Crew *crew, int signal_fd)
{
	struct pollfd fds[SLIPWAY_BATCH_MAX_PARALLEL + 1] = {{.fd = signal_fd, .events = POLLIN}};

	for (int i = 0; i < crew->run->parallel; i++)
		fds[i + 1] = (struct pollfd) {.fd = crew->hands[i].pid > 0 ? crew->hands[i].channel : -1, .events = POLLIN};
	if (poll(fds, (nfds_t) crew->run->parallel + 1, crew->progress != NULL ? SLIPWAY_PROGRESS_INTERVAL_MS : 1000) <= 0)
		return;
	if (fds[0].revents != 0 && slipway_interrupt_arrived())
		note_signal(crew);
	for (int i = 0; i < crew->run->parallel; i++)
		if (fds[i + 1].revents != 0 && crew->hands[i].pid > 0)
			listen_to(crew, &crew->hands[i]);
}

/* Until nobody works on anything, and nothing is left to begin. */
static void
direct(Crew *crew, int signal_fd)
{
	for (;;)
	{
		distribute(crew);
		if (count_hands(crew, true) > 0)
		{
			wait_for_news(crew, signal_fd);
			slipway_progress_draw(crew->progress);
			continue;
		}
		/* an item that was left behind while the last of the others were being finished */
		if (!crew->empty || !crew->lost_one || crew->run->stop != SLIPWAY_BATCH_NOT_STOPPED || count_hands(crew, false) == 0)
			break;
		crew->empty = crew->lost_one = false;
	}
	if (crew->run->stop == SLIPWAY_BATCH_NOT_STOPPED && !crew->empty)
		crew->run->stop = SLIPWAY_BATCH_FAULT;
}

/* They end when they are told nothing any more. */
static void
dismiss(Crew *crew)
{
	for (int i = 0; i < crew->run->parallel; i++)
		if (crew->hands[i].pid > 0)
		{
			(void) shutdown(crew->hands[i].channel, SHUT_WR);
			while (crew->hands[i].pid > 0)
			{
				struct pollfd fd = {.fd = crew->hands[i].channel, .events = POLLIN};

				(void) poll(&fd, 1, -1);
				listen_to(crew, &crew->hands[i]);
			}
		}
}

void
slipway_batch_run(SlipwayBatchRun *run)
{
	Crew		crew = {.run = run, .began_at = slipway_clock_now(), .progress = slipway_progress_new()};
	int			signal_fd = slipway_interrupt_watch();

	crew.hands = slipway_memory_new((size_t) run->parallel * sizeof(Hand));
	if (crew.progress != NULL)
		crew.progress->total = run->total;
	/* no more of them than there is to do */
	if (run->total > 0 && run->total < run->parallel)
		run->parallel = (int) run->total;
	direct(&crew, signal_fd);
	dismiss(&crew);
	run->duration = slipway_clock_now() - crew.began_at;
	slipway_progress_free(crew.progress);
	slipway_interrupt_unwatch();
	free(crew.hands);
}
