/* SPDX-License-Identifier: Apache-2.0 */
#include "init/network.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/netlink.h"
#include "init/network_apply.h"
#include "init/network_table.h"
#include "init/service.h"
#include "init/worker.h"

#define APPLY_TIMEOUT 10000u		/* milliseconds; the kernel answers at once, but for a driver that hangs */
#define GROUPS (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)

static struct {
	struct service *service;	/* how the services see it */
	struct network_table table;
	struct network_apply job;
	struct worker worker;
	bool again;			/* a newcomer, while the worker was at work */
	struct loop_source events;
	struct loop_timer wait;
	uint16_t dumping;		/* the request whose answer comes; 0: none */
} network;

static const struct plan_container as_container = { .stage = PLAN_SERVICES, .name = PLAN_NETWORK_NAME };

void network_init(struct machine *machine, struct arena *arena)
{
	network.service = &machine->services[machine->plan.containers_count];
	*network.service = (struct service){ .plan = &as_container, .pidfd = -1, .status.fd = -1, .ready.fd = -1 };
	network.job = (struct network_apply){ .plan = &machine->plan, .first = true };
	network.events.fd = -1;
	/* Where there is nothing to set up, nobody waits. */
	network.service->state = machine->plan.machine.network ? SERVICE_WAITING : SERVICE_READY;
	/* The worker writes there what it has done. Without it, the stage will say so. */
	network.job.settled = mmap(NULL, (machine->plan.links_count + 1) * sizeof(int), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (network.job.settled != MAP_FAILED)
		network_table_open(&network.table, &machine->plan, network.job.settled, arena);
}

/* --- what the links are -------------------------------------------------------------------------- */

/* Each time one of them becomes ready, or is so no longer. */
static void tell_links(void)
{
	for (size_t i = 0; i < network.table.count; i++) {
		struct network_link *link = &network.table.links[i];
		const char *lacks = network_link_lacks(link);

		if (link->told == !lacks)
			continue;
		link->told = !lacks;
		if (lacks)
			log_warning("network: '%s' %s", link->plan->name, lacks);
		else
			log_info("network: '%s' is ready", link->plan->name);
	}
}

static void come_to(enum service_state state)
{
	network.service->state = state;
	if (network.service->reached[state] == 0)
		network.service->reached[state] = loop_now_us();
}

/* Once ready it stays so: services that have started have seen to themselves. */
static void look(void)
{
	const char *lacks;

	tell_links();
	if (network.service->state == SERVICE_READY || network_table_lacks(&network.table, &lacks))
		return;
	network.wait.deadline = 0;
	come_to(SERVICE_READY);
	log_info("network: ready");
}

static void on_wait(struct machine *machine, struct loop_timer *timer)
{
	const char *lacks = "";
	const struct network_link *link = network_table_lacks(&network.table, &lacks);

	(void)timer;
	if (!link || network.service->state == SERVICE_READY)
		return;
	log_warning("network: not ready after %u ms: '%s' %s", machine->plan.machine.network_wait, link->plan->name, lacks);
	network.service->exit_status = 1;
	come_to(SERVICE_FAILED);
}

/* --- setting them up ----------------------------------------------------------------------------- */

static const struct worker_job *apply_job(void)
{
	static struct worker_job job = { .name = "network", .run = network_apply, .context = &network.job,
					 .timeout = APPLY_TIMEOUT };

	return &job;
}

static bool all_settled(void)
{
	for (size_t i = 0; i < network.table.count; i++)
		if (!network_link_settled(&network.table.links[i]))
			return false;
	return true;
}

static void apply(struct machine *machine)
{
	struct error err = { 0 };

	if (all_settled())
		return;
	network.again = worker_runs(&network.worker);
	if (!network.again && worker_start(machine, &network.worker, apply_job(), &err) < 0)
		log_error("%s", err.message);
}

static void on_applied(struct machine *machine, struct worker *worker, const struct error *failure)
{
	(void)worker;
	if (failure)
		log_error("%s", failure->message);
	look();
	if (network.again)
		apply(machine);
}

/* --- listening ----------------------------------------------------------------------------------- */

/* All there is, as messages like those about changes: links, and when these have come, addresses. */
static void ask_for_all(uint16_t type)
{
	static const union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	} any;
	struct netlink_message message;
	struct error err = { 0 };

	netlink_begin(&message, type, NLM_F_DUMP, &any, sizeof(any));
	network.dumping = type;
	if (netlink_send(network.events.fd, &message, &err) == 0)
		return;
	network.dumping = 0;
	log_error("network: %s", err.message);
}

static void dump_ended(const struct nlmsghdr *message)
{
	/* Something changed on the way: what has come may not belong together. */
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		ask_for_all(network.dumping);
	else if (network.dumping == RTM_GETLINK)
		ask_for_all(RTM_GETADDR);
	else
		network.dumping = 0;
}

static unsigned int read_messages(const void *bytes, size_t length)
{
	const struct nlmsghdr *message;
	unsigned int changes = 0;
	size_t at = 0;

	while ((message = netlink_next(bytes, length, &at))) {
		if (message->nlmsg_type == NLMSG_DONE)
			dump_ended(message);
		else
			changes |= network_table_read(&network.table, message);
	}
	return changes;
}

/* Until there is nothing more. Only the kernel is listened to: others can send, too. */
static unsigned int receive(void)
{
	static union {
		struct nlmsghdr header;
		char bytes[NETLINK_ANSWER_MAX];
	} buffer;
	unsigned int changes = 0;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(network.events.fd, buffer.bytes, sizeof(buffer.bytes), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &length);

		if (n > 0 && from.nl_pid == 0)
			changes |= read_messages(buffer.bytes, (size_t)n);
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno != ENOBUFS)
			return changes;
		/* It came faster than it was read. */
		network_table_forget(&network.table);
		ask_for_all(RTM_GETLINK);
		changes |= NETWORK_CHANGED | NETWORK_NEWCOMER;
	}
}

static void on_events(struct machine *machine, struct loop_source *source)
{
	unsigned int changes = receive();

	(void)source;
	if (changes & NETWORK_CHANGED)
		look();
	if (changes & NETWORK_NEWCOMER)
		apply(machine);
}

int network_open(struct machine *machine, struct error *err)
{
	struct error failure = { 0 };

	if (!machine->plan.machine.network)
		return 0;
	if (network.job.settled == MAP_FAILED)
		return error_set(err, "no memory for it");
	network.service->reached[SERVICE_STARTING] = loop_now_us();
	network.worker.done = on_applied;
	worker_open(machine, &network.worker);
	network.wait.due = on_wait;
	loop_add_timer(machine, &network.wait);
	network.wait.deadline = loop_now() + machine->plan.machine.network_wait;
	network.events = (struct loop_source){ netlink_open(GROUPS, SOCK_NONBLOCK), on_events };
	if (network.events.fd < 0)
		return error_errno(err, "cannot open a netlink socket");
	ask_for_all(RTM_GETLINK);
	/* What the kernel refuses is told, and is no reason to stop the boot: the machine may still be reached otherwise. */
	if (worker_wait(apply_job(), &failure) < 0)
		log_error("%s", failure.message);
	network.job.first = false;
	(void)receive();
	look();
	return loop_watch(machine, &network.events, EPOLLIN, err);
}
