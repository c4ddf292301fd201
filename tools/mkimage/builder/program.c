/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/builder/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define KEPT_MAX 16384u			/* of what it printed, for when it fails */
#define QUOTED_MAX 600u			/* of one line, in an error */

struct output {
	bool quiet;
	char kept[KEPT_MAX + 1];
	size_t length;
};

static void keep(struct output *output, const char *data, size_t length)
{
	size_t dropped = output->length + length > KEPT_MAX ? output->length + length - KEPT_MAX : 0;

	memmove(output->kept, output->kept + dropped, output->length - dropped);
	memcpy(output->kept + output->length - dropped, data, length);
	output->length += length - dropped;
}

static int follow(int fd, struct output *output, const char *name, struct error *err)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read what '%s' says", name);
		/* Nobody who listens is no reason to stop. */
		if (!output->quiet)
			(void)file_write_all(STDERR_FILENO, piece, (size_t)n, "standard error", NULL);
		keep(output, piece, (size_t)n);
	}
	return 0;
}

/* The last line that says it is an error, else the last one that says anything. */
static const char *own_words(struct output *output)
{
	const char *last = "it said nothing", *found = NULL;
	char *save = NULL;

	output->kept[output->length] = '\0';
	for (char *line = strtok_r(output->kept, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		if (strncasecmp(line, "error", 5) == 0)
			found = line;
		if (line[strspn(line, " \t")])
			last = line;
	}
	return found ? found : last;
}

static int judge(int status, struct output *output, const char *name, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (output->quiet)
		(void)file_write_all(STDERR_FILENO, output->kept, output->length, "standard error", NULL);
	if (WIFSIGNALED(status))
		return error_set(err, "'%s' was ended by signal %d", name, WTERMSIG(status));
	return error_set(err, "'%s' failed with status %d: %.*s", name, WEXITSTATUS(status), (int)QUOTED_MAX,
			 own_words(output));
}

static void __attribute__((noreturn)) child(const char *const argv[], int out)
{
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)setenv("SOURCE_DATE_EPOCH", "0", 1);
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int start_and_follow(const char *const argv[], struct output *output, struct error *err)
{
	autoclose int read_end = -1;
	int ends[2], status, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot run '%s'", argv[0]);
	read_end = ends[0];
	pid = fork();
	if (pid == 0)
		child(argv, ends[1]);
	(void)close(ends[1]);
	if (pid < 0)
		return error_errno(err, "cannot run '%s'", argv[0]);
	r = follow(read_end, output, argv[0], err);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for '%s'", argv[0]);
	return r < 0 ? -1 : judge(status, output, argv[0], err);
}

int program_run(const char *const argv[], bool quiet, struct error *err)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN }, interrupt, quit;
	autofree struct output *output = calloc(1, sizeof(*output));
	int r;

	if (!output)
		return error_errno(err, "cannot run '%s'", argv[0]);
	output->quiet = quiet;
	(void)sigaction(SIGINT, &ignored, &interrupt);
	(void)sigaction(SIGQUIT, &ignored, &quit);
	r = start_and_follow(argv, output, err);
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	return r;
}
