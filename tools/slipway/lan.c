/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/lan.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FRAME_MAX   69632		/* QEMU's NET_BUFSIZE is 4 KiB and 64 KiB */
#define FRAME_LEAST 14			/* two addresses and a type: IEEE 802.3, 3.1.1 */
#define MAC_BYTES   6
#define KNOWN_MAX   1024		/* addresses; machines have bridges and containers */
#define TURN_MAX    64			/* frames of one port, then it is the others' turn */

struct exchange {
	struct pollfd ports[LAN_PORTS_MAX];
	size_t count, open;
	struct known {
		uint8_t mac[MAC_BYTES];
		size_t port;
	} known[KNOWN_MAX];
	size_t known_count, oldest;
};

/* --- the switch ----------------------------------------------------------------------------------- */

static struct known *find(struct exchange *x, const uint8_t *mac)
{
	for (size_t i = 0; i < x->known_count; i++)
		if (memcmp(x->known[i].mac, mac, MAC_BYTES) == 0)
			return &x->known[i];
	return NULL;
}

/* Who sends can be reached where the frame came from. Of too many the oldest is forgotten, and asked for everywhere. */
static void learn(struct exchange *x, const uint8_t *mac, size_t port)
{
	struct known *known = find(x, mac);

	if (mac[0] & 1)
		return;
	if (!known && x->known_count < KNOWN_MAX)
		known = &x->known[x->known_count++];
	if (!known) {
		known = &x->known[x->oldest];
		x->oldest = (x->oldest + 1) % KNOWN_MAX;
	}
	memcpy(known->mac, mac, MAC_BYTES);
	known->port = port;
}

/* A machine that does not take its frames loses them, as at any switch; it holds up nobody else. */
static void put(const struct exchange *x, size_t port, const uint8_t *frame, size_t length)
{
	if (x->ports[port].fd >= 0)
		(void)send(x->ports[port].fd, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void forward(struct exchange *x, size_t from, const uint8_t *frame, size_t length)
{
	const struct known *to = frame[0] & 1 ? NULL : find(x, frame);

	learn(x, frame + MAC_BYTES, from);
	for (size_t i = 0; i < x->count; i++)
		if (i != from && (!to || to->port == i))
			put(x, i, frame, length);
}

static void take(struct exchange *x, size_t port)
{
	static uint8_t frame[FRAME_MAX];

	for (unsigned int i = 0; i < TURN_MAX; i++) {
		ssize_t n = recv(x->ports[port].fd, frame, sizeof(frame), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			/* That machine has ended. */
			x->ports[port].fd = -1;
			x->open--;
			return;
		}
		if (n >= FRAME_LEAST)
			forward(x, port, frame, (size_t)n);
	}
}

void lan_switch(const int *ports, size_t count)
{
	static struct exchange x;

	x = (struct exchange){ .count = count, .open = count };
	for (size_t i = 0; i < count; i++)
		x.ports[i] = (struct pollfd){ .fd = ports[i], .events = POLLIN };
	while (x.open > 0) {
		if (poll(x.ports, x.count, -1) < 0 && errno != EINTR)
			return;
		for (size_t i = 0; i < x.count; i++)
			if (x.ports[i].fd >= 0 && x.ports[i].revents)
				take(&x, i);
	}
}

/* --- its process ---------------------------------------------------------------------------------- */

/* The keys of a terminal are not for it: whoever made it ends it. */
static void __attribute__((noreturn)) become_switch(const struct lan *lan, const int *ours, pid_t parent)
{
	(void)setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)prctl(PR_SET_NAME, "slipway-lan");
	for (size_t i = 0; i < lan->count; i++)
		(void)close(lan->ports[i]);
	lan_switch(ours, lan->count);
	_exit(0);
}

static int open_pairs(struct lan *lan, int *ours, size_t count, struct error *err)
{
	for (; lan->count < count; lan->count++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return error_errno(err, "cannot make a socket for the network of the machines");
		lan->ports[lan->count] = pair[0];
		ours[lan->count] = pair[1];
	}
	return 0;
}

int lan_open(struct lan *lan, size_t count, struct error *err)
{
	int ours[LAN_PORTS_MAX], r;
	pid_t parent = getpid();

	*lan = (struct lan){ 0 };
	r = open_pairs(lan, ours, count, err);
	if (r == 0) {
		lan->process = fork();
		if (lan->process == 0)
			become_switch(lan, ours, parent);
		if (lan->process < 0)
			r = error_errno(err, "cannot make a process for the network of the machines");
	}
	for (size_t i = 0; i < lan->count; i++)
		(void)close(ours[i]);
	if (r < 0) {
		lan->process = 0;
		lan_close(lan);
	}
	return r;
}

int lan_take(struct lan *lan, size_t index)
{
	for (size_t i = 0; i < lan->count; i++)
		if (i != index)
			fd_replace(&lan->ports[i], -1);
	return fd_take(&lan->ports[index]);
}

void lan_close(struct lan *lan)
{
	for (size_t i = 0; i < lan->count; i++)
		fd_replace(&lan->ports[i], -1);
	lan->count = 0;
	if (lan->process <= 0)
		return;
	(void)kill(lan->process, SIGKILL);
	while (waitpid(lan->process, NULL, 0) < 0 && errno == EINTR)
		;
	lan->process = 0;
}
