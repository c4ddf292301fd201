/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/control_port.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/relay.h"
#include "tools/slipway/machines.h"

/* The terminal and its keys are not for this one. */
static void __attribute__((noreturn)) become_relay(int line, int listening, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct error ignored;

	(void)setsid();
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDOUT_FILENO; fd++)
		(void)dup2(null, fd);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)prctl(PR_SET_NAME, "slipway-relay");
	(void)relay_host(line, listening, &ignored);
	_exit(0);
}

int control_port_open(struct control_port *port, const char *name, struct arena *arena, struct error *err)
{
	autoclose int listening = -1, ours = -1;
	pid_t parent = getpid();
	int pair[2];

	*port = (struct control_port){ .guest = -1 };
	listening = machine_listen(name, &port->path, arena, err);
	if (listening < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make the socket for the machine's control");
	ours = pair[0];
	port->guest = pair[1];
	port->relay = fork();
	if (port->relay == 0) {
		(void)close(port->guest);
		become_relay(ours, listening, parent);
	}
	if (port->relay > 0)
		return 0;
	port->relay = 0;
	(void)close(port->guest);
	port->guest = -1;
	return error_errno(err, "cannot make a process for the machine's control");
}

void control_port_close(struct control_port *port)
{
	if (port->relay == 0)
		return;
	(void)unlink(port->path);
	(void)kill(port->relay, SIGKILL);
	(void)waitpid(port->relay, NULL, 0);
	port->relay = 0;
}
