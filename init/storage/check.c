/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/storage/superblock.h"
#include "plan/storage.h"

#define LINE_BYTES 400
#define LINES_MAX  100u

/* e2fsck(8), "EXIT CODE": a sum of bits. */
#define CORRECTED   1
#define REBOOT      2
#define UNCORRECTED 4

static void __attribute__((noreturn)) run_program(const char *mode, const char *device, bool all, int output)
{
	const char *argv[] = { "e2fsck", mode, "-f", device, NULL };
	char *none[] = { NULL };

	if (!all) {
		argv[2] = device;
		argv[3] = NULL;
	}
	/* When the time of this process is up, so is that of the program. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(output, STDOUT_FILENO);
	(void)dup2(output, STDERR_FILENO);
	(void)execve(PLAN_CHECK_PROGRAM, (char **)argv, none);
	_exit(127);
}

/* To its end, so that the program never waits for a reader; the first lines go to the log. */
static void log_lines(int fd)
{
	autofclose FILE *output = fdopen(fd, "r");
	char line[LINE_BYTES];
	unsigned int lines = 0;

	while (output && fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && lines++ < LINES_MAX)
			log_info("storage: e2fsck: %s", line);
	}
	if (lines > LINES_MAX)
		log_info("storage: e2fsck: %u more lines", lines - LINES_MAX);
}

/* The exit status, or -1. What it has to say goes to the log. */
static int run(const char *mode, const char *device, bool all, struct error *err)
{
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		run_program(mode, device, all, ends[1]);
	if (pid < 0)
		error_errno(err, "cannot make a process");
	(void)close(ends[1]);
	log_lines(ends[0]);
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for e2fsck");
	if (!WIFEXITED(status))
		return error_set(err, "e2fsck was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return error_set(err, "'%s' is not in the image", PLAN_CHECK_PROGRAM);
	return WEXITSTATUS(status);
}

int check_ext(const char *device, bool repair, struct error *err)
{
	struct superblock super;
	bool all;
	int status;

	if (superblock_read(device, &super, err) < 0)
		return -1;
	all = super.errors || !super.clean;
	if (!all && !super.replay)
		return 0;
	log_info("storage: '%s' was not unmounted%s", device, all ? " and may have errors: all of it is checked" : "");
	status = run("-p", device, all, err);
	if (status >= UNCORRECTED && repair) {
		log_warning("storage: '%s' is repaired, at the risk of losing damaged files", device);
		status = run("-y", device, true, err);
	}
	if (status < 0)
		return -1;
	if (status & ~(CORRECTED | REBOOT))
		return error_set(err, "'%s' has errors that are not mended without a decision (e2fsck ended with status %d)%s",
				 device, status, repair ? "" : "; see 'repair' in slipway-manifest(5)");
	return 0;
}
