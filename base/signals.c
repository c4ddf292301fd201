/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static const struct signal_name {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },     { "QUIT", SIGQUIT },   { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT },   { "IOT", SIGIOT },     { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL },   { "USR1", SIGUSR1 },   { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE },   { "ALRM", SIGALRM },   { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },   { "CLD", SIGCHLD },    { "CONT", SIGCONT },
	{ "STOP", SIGSTOP },     { "TSTP", SIGTSTP },   { "TTIN", SIGTTIN },   { "TTOU", SIGTTOU },
	{ "URG", SIGURG },       { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },   { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },     { "WINCH", SIGWINCH }, { "IO", SIGIO },       { "POLL", SIGIO },
	{ "PWR", SIGPWR },       { "SYS", SIGSYS },
};

/* The kernel's own range: what the C library keeps for itself is still a signal to containers. */
#define REALTIME_FIRST 34
#define REALTIME_LAST 64

/* A decimal number within limits, -1 otherwise. */
static int number_in(const char *text, int low, int high)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtol(text, &end, 10);
	return *end == '\0' && n >= low && n <= high ? (int)n : -1;
}

static int realtime(const char *name)
{
	int offset;

	if (strcasecmp(name, "RTMIN") == 0)
		return REALTIME_FIRST;
	if (strcasecmp(name, "RTMAX") == 0)
		return REALTIME_LAST;
	if (strncasecmp(name, "RTMIN+", 6) == 0) {
		offset = number_in(name + 6, 0, REALTIME_LAST - REALTIME_FIRST);
		return offset < 0 ? -1 : REALTIME_FIRST + offset;
	}
	if (strncasecmp(name, "RTMAX-", 6) == 0) {
		offset = number_in(name + 6, 0, REALTIME_LAST - REALTIME_FIRST);
		return offset < 0 ? -1 : REALTIME_LAST - offset;
	}
	return -1;
}

int signal_number(const char *name)
{
	if (isdigit((unsigned char)*name))
		return number_in(name, 0, REALTIME_LAST);
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	return realtime(name);
}
