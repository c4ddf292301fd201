/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands against each other: in each round every contestant runs once, in an order shuffled anew, so that a
 * neighbour's noise meets all alike.
 *
 *	rounds COUNT < contestants
 *
 * With COUNT 0 each runs once, and nothing is printed. Each line of the input is a contestant: its name, and commands with `;` between them, in words without quoting.
 * Prints for each, in microseconds and KiB:
 *
 *	NAME median p90 minimum peak-rss
 *
 * The time is from the spawn of the first command to the end of the last; the peak is that of the largest process among
 * them and what they waited for. Built static, so that its own size, which a child inherits until it executes, is small.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTESTANTS_MAX = 16, WORDS_MAX = 64, COMMANDS_MAX = 8, ROUNDS_MAX = 100000, WARM_UP = 3 };

struct contestant {
	char *name, *words[WORDS_MAX], **commands[COMMANDS_MAX];
	int commands_count;
	double *times;
	long peak_kib;
};

static struct contestant contestants[CONTESTANTS_MAX];
static posix_spawn_file_actions_t quiet;

static void die(const char *what, const char *which)
{
	fprintf(stderr, "rounds: %s '%s': %s\n", what, which, strerror(errno));
	exit(1);
}

/*
 * crun wants RLIMIT_MEMLOCK raised before it loads a BPF program, which kernels since 5.11 have no use for, and gives up
 * where the machine lacks CAP_SYS_RESOURCE. Here that call does nothing, successfully, for all contestants.
 */
static void allow_memlock(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_MEMLOCK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		die("cannot load", "the filter for RLIMIT_MEMLOCK");
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int read_contestants(void)
{
	static char line[65536];
	int count = 0;

	while (count < CONTESTANTS_MAX && fgets(line, sizeof(line), stdin)) {
		struct contestant *c = &contestants[count];
		char *copy = strdup(line), *word = strtok(copy, " \t\n");
		int words = 0;

		if (!word)
			continue;
		c->name = word;
		c->commands[c->commands_count++] = c->words;
		while ((word = strtok(NULL, " \t\n"))) {
			if (words + 1 == WORDS_MAX || c->commands_count == COMMANDS_MAX)
				die("too many words for", c->name);
			if (strcmp(word, ";") == 0) {
				words++;	/* stays NULL, and ends the command */
				c->commands[c->commands_count++] = &c->words[words];
			} else {
				c->words[words++] = word;
			}
		}
		count++;
	}
	return count;
}

static void run_command(struct contestant *c, char **command)
{
	struct rusage usage;
	pid_t pid;
	int status;

	errno = posix_spawn(&pid, command[0], &quiet, NULL, command, environ);
	if (errno)
		die("cannot run", command[0]);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			die("cannot wait for", command[0]);
	if (status != 0) {
		fprintf(stderr, "rounds: %s: '%s %s' failed with status %x\n", c->name, command[0],
			command[1] ? command[1] : "", (unsigned int)status);
		exit(1);
	}
	if (usage.ru_maxrss > c->peak_kib)
		c->peak_kib = usage.ru_maxrss;
}

static void run_round(int count, int round)
{
	int order[CONTESTANTS_MAX];

	for (int i = 0; i < count; i++) {
		int k = (int)(random() % (i + 1));

		order[i] = order[k];
		order[k] = i;
	}
	for (int i = 0; i < count; i++) {
		struct contestant *c = &contestants[order[i]];
		double start = now();

		for (int k = 0; k < c->commands_count; k++)
			run_command(c, c->commands[k]);
		if (round >= 0)
			c->times[round] = now() - start;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int rounds = argc == 2 ? atoi(argv[1]) : -1, count = read_contestants();

	if (rounds < 0 || rounds > ROUNDS_MAX || count < 1) {
		fprintf(stderr, "usage: rounds COUNT < contestants\n");
		return 2;
	}
	allow_memlock();
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < count; i++)
		contestants[i].times = calloc((size_t)rounds, sizeof(double));
	if (rounds == 0) {
		run_round(count, -1);
		return 0;
	}
	srandom((unsigned int)time(NULL));
	for (int round = -WARM_UP; round < rounds; round++)
		run_round(count, round);
	for (int i = 0; i < count; i++) {
		double *t = contestants[i].times;

		qsort(t, (size_t)rounds, sizeof(*t), compare);
		printf("%s %.0f %.0f %.0f %ld\n", contestants[i].name, (t[(rounds - 1) / 2] + t[rounds / 2]) / 2,
		       t[rounds * 9 / 10], t[0], contestants[i].peak_kib);
	}
	return 0;
}
