/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a program takes until it has written something.
 *
 *	wall TEXT PROGRAM [ARGUMENT...]
 *
 * Prints the milliseconds from the spawn of the program to the moment when TEXT has come from its standard output, and ends it. Status 1:
 * it ended without having written it, or had two minutes; what it did write is then on standard error.
 */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 120000, OUTPUT_MAX = 1 << 20 };

extern char **environ;

static char output[OUTPUT_MAX];
static size_t length;

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static pid_t start(char **argv, int *from)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ends[2];

	if (pipe(ends) < 0 || posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addclose(&actions, ends[0]) != 0 || posix_spawn_file_actions_addclose(&actions, ends[1]) != 0 ||
	    posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
		fprintf(stderr, "wall: cannot run '%s'\n", argv[0]);
		exit(2);
	}
	(void)close(ends[1]);
	*from = ends[0];
	return pid;
}

/* Whether the text has come by then. */
static int wait_for(const char *text, int from, double until)
{
	struct pollfd readable = { .fd = from, .events = POLLIN };

	while (length < sizeof(output) - 1 && now_ms() < until) {
		ssize_t n;

		if (poll(&readable, 1, (int)(until - now_ms()) + 1) <= 0)
			return 0;
		n = read(from, output + length, sizeof(output) - 1 - length);
		if (n <= 0)
			return 0;
		length += (size_t)n;
		if (memmem(output, length, text, strlen(text)))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	double begin, end;
	int from, found;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: wall TEXT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	begin = now_ms();
	pid = start(argv + 2, &from);
	found = wait_for(argv[1], from, begin + PATIENCE_MS);
	end = now_ms();
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	if (!found) {
		(void)fwrite(output, 1, length, stderr);
		return 1;
	}
	printf("%.1f\n", end - begin);
	return 0;
}
