/* SPDX-License-Identifier: Apache-2.0 */
#include "init/shell.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "init/consoles.h"
#include "init/loop.h"

#define SHELL "/bin/sh"

static struct loop_child the_shell;

static void __attribute__((noreturn)) child(void)
{
	static char name[] = "-sh", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", home[] = "HOME=/root",
		    term[] = "TERM=vt100", prompt[] = "PS1=emergency# ";
	char *const argv[] = { name, NULL }, *const environment[] = { path, home, term, prompt, NULL };
	struct error err = { 0 };
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	if (chdir("/") < 0 || consoles_take("console", &err) < 0)
		log_error("emergency: %s", err.message);
	else
		(void)execve(SHELL, argv, environment);
	_exit(127);
}

static pid_t make_child(void)
{
	pid_t pid;

	if (access(SHELL, X_OK) < 0) {
		log_error("emergency: the image has no '%s', and no container for it", SHELL);
		return -1;
	}
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		child();
	return pid;
}

/* Nothing to do: who asks shell_runs() after the event sees it. */
static void ended(struct machine *machine, struct loop_child *shell, int wait_status)
{
	(void)machine;
	(void)shell;
	(void)wait_status;
}

bool shell_start(struct machine *machine)
{
	pid_t pid = make_child();

	if (pid < 0)
		return false;
	if (!the_shell.reaped) {
		the_shell.reaped = ended;
		loop_add_child(machine, &the_shell);
	}
	the_shell.pid = pid;
	return true;
}

bool shell_runs(void)
{
	return the_shell.pid != 0;
}

/* The whole of its session: what it started holds the terminal, too. */
void shell_stop(void)
{
	if (!shell_runs())
		return;
	(void)kill(-the_shell.pid, SIGKILL);
	(void)kill(the_shell.pid, SIGKILL);
}

void shell_run(void)
{
	pid_t pid = make_child();

	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
