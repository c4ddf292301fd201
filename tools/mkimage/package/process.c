/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define OUTPUT_BYTES_MAX (64u << 20)

static void __attribute__((noreturn)) child(const char *const argv[], int out, int messages)
{
	const char *path = getenv("PATH");
	char longer[4096];

	(void)snprintf(longer, sizeof(longer), "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	(void)setenv("PATH", longer, 1);
	(void)setenv("LC_ALL", "C", 1);
	(void)setenv("DEBIAN_FRONTEND", "noninteractive", 1);
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(messages, STDERR_FILENO) < 0)
		_exit(126);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The last line of what was written to the file; for the error. */
static const char *last_line(int fd, char *text, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t start = end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0;
	ssize_t n = pread(fd, text, size - 1, start);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* `messages` is -1 where the program told the user itself. */
static int wait_for(pid_t pid, const char *name, const char *package, int messages, struct error *err)
{
	char text[600];
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for '%s'", name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && package)
		return error_set(err, "'%s' is not installed; install the package '%s'", name, package);
	if (WIFSIGNALED(status))
		return error_set(err, "'%s' was ended by signal %d", name, WTERMSIG(status));
	if (messages < 0)
		return error_set(err, "'%s' failed, see above", name);
	return error_set(err, "'%s' failed: %s", name, last_line(messages, text, sizeof(text)));
}

static int run(const char *const argv[], const char *package, int messages, struct buffer *output, struct error *err)
{
	autobuffer struct buffer dropped = { 0 };
	autoclose int read_end = -1;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot run '%s'", argv[0]);
	read_end = ends[0];
	pid = fork();
	if (pid == 0)
		child(argv, ends[1], messages < 0 ? STDERR_FILENO : messages);
	(void)close(ends[1]);
	if (pid < 0)
		return error_errno(err, "cannot run '%s'", argv[0]);
	r = file_read_fd(read_end, argv[0], OUTPUT_BYTES_MAX, output ? output : &dropped, err);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	return wait_for(pid, argv[0], package, messages, r < 0 ? NULL : err) < 0 ? -1 : r;
}

int process_run(const char *const argv[], const char *package, struct buffer *output, struct error *err)
{
	autofclose FILE *messages = tmpfile();

	if (!messages)
		return error_errno(err, "cannot run '%s'", argv[0]);
	return run(argv, package, fileno(messages), output, err);
}

int process_run_shown(const char *const argv[], const char *package, struct buffer *output, struct error *err)
{
	return run(argv, package, -1, output, err);
}
