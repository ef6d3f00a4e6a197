/*
 * timed.c
 *	  Runs one command and writes down what it has cost.
 *
 *	  timed [-t SECONDS] [-C FOLDER] [-l LOG] -o FILE -- COMMAND [ARGUMENT ...]
 *
 * FILE gets a line: wall time, user and system CPU in seconds, the peak memory
 * of the largest process in kilobytes, and the exit code (124 after SECONDS).
 *
 * It is small because Linux counts the memory of a process that forks into the
 * peak of its child: a large one would hide what the child needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_TIMEOUT 124
#define EXIT_NO_FOLDER 126
#define EXIT_NO_COMMAND 127

typedef struct Options
{
	unsigned	seconds;
	const char *folder;
	const char *log;
	const char *out;
	char	  **command;
} Options;

static volatile sig_atomic_t timed_out;
static volatile sig_atomic_t child;

/* The command has a process group of its own: all of it ends. */
static void
on_signal(int signal_number)
{
	if (signal_number == SIGALRM)
		timed_out = 1;
	if (child > 0)
		(void) kill(-(pid_t) child, SIGKILL);
}

static void
read_options(int argc, char **argv, Options *options)
{
	int			option;

	while ((option = getopt(argc, argv, "+t:C:l:o:")) != -1)
	{
		switch (option)
		{
			case 't':
				options->seconds = (unsigned) atoi(optarg);
				break;
			case 'C':
				options->folder = optarg;
				break;
			case 'l':
				options->log = optarg;
				break;
			case 'o':
				options->out = optarg;
				break;
			default:
				exit(2);
		}
	}
	options->command = argv + optind;
	if (options->out == NULL || *options->command == NULL)
	{
		fprintf(stderr, "usage: timed [-t SECONDS] [-C FOLDER] [-l LOG] -o FILE -- COMMAND ...\n");
		exit(2);
	}
}

/* In the child: becomes the command. */
static void
become_command(const Options *options)
{
	int			out = open(options->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	int			in = open("/dev/null", O_RDONLY);

	(void) setpgid(0, 0);
	(void) dup2(in, STDIN_FILENO);
	(void) dup2(out, STDOUT_FILENO);
	(void) dup2(out, STDERR_FILENO);
	if (options->folder != NULL && chdir(options->folder) != 0)
		_exit(EXIT_NO_FOLDER);
	execvp(options->command[0], options->command);
	fprintf(stderr, "timed: could not run %s: %s\n", options->command[0], strerror(errno));
	_exit(EXIT_NO_COMMAND);
}

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double) (to->tv_sec - from->tv_sec) + (double) (to->tv_nsec - from->tv_nsec) / 1e9;
}

static double
timeval_seconds(const struct timeval *time)
{
	return (double) time->tv_sec + (double) time->tv_usec / 1e6;
}

static int
exit_code(int status)
{
	if (timed_out)
		return EXIT_TIMEOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
write_costs(const char *name, double wall, const struct rusage *usage, int code)
{
	FILE	   *file = fopen(name, "w");

	if (file == NULL)
	{
		perror(name);
		return 3;
	}
	fprintf(file, "%.6f %.6f %.6f %ld %d\n", wall, timeval_seconds(&usage->ru_utime),
			timeval_seconds(&usage->ru_stime), usage->ru_maxrss, code);
	return fclose(file) == 0 ? 0 : 3;
}

int
main(int argc, char **argv)
{
	Options		options = {.log = "/dev/null"};
	struct sigaction action = {.sa_handler = on_signal};
	struct timespec start;
	struct timespec end;
	struct rusage usage;
	pid_t		pid;
	int			status;

	read_options(argc, argv, &options);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (pid == 0)
		become_command(&options);
	if (pid < 0)
	{
		perror("timed: could not fork");
		return 3;
	}
	(void) setpgid(pid, pid);
	child = pid;
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	alarm(options.seconds);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 3;
	clock_gettime(CLOCK_MONOTONIC, &end);
	return write_costs(options.out, seconds_between(&start, &end), &usage, exit_code(status));
}
