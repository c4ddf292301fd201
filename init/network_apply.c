/* SPDX-License-Identifier: Apache-2.0 */
#include "init/network_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/netlink.h"
#include "init/network_devices.h"
#include "init/network_messages.h"

#define RESOLV_CONF "/run/resolvconf/resolv.conf"
#define RESOLV_CONF_STATIC "/run/resolvconf/static"	/* what a DHCP client puts in front of its own */

struct work {
	const struct plan *plan;
	int fd;
	struct network_devices devices;
	int *indexes;			/* of each link that is there and to be dealt with; else 0 */
};

/* One link is not the others' business: it is told, and the work goes on. */
static void tell(const struct plan_link *link, const struct error *err)
{
	log_error("network: '%s': %s", link->name, err->message);
}

static void ask(const struct work *w, const struct plan_link *link, struct netlink_message *message, const char *what)
{
	struct error err = { 0 };

	if (netlink_ask(w->fd, message, &err) == 0)
		return;
	error_context(&err, "cannot %s", what);
	tell(link, &err);
}

/* A kernel without IPv6, or without the setting, has nothing to be told. */
static int set(const char *value, const char *format, const char *name, struct error *err)
{
	char path[256];
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), format, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return error_errno(err, "cannot write '%s' to '%s'", value, path);
	return 0;
}

/* --- one link, step by step ---------------------------------------------------------------------- */

static int make(const struct work *w, const struct plan_link *link)
{
	int on = link->on ? (int)if_nametoindex(link->on) : 0;
	struct netlink_message message;

	/* The card below may come later. */
	if (link->kind == PLAN_LINK_VLAN && on == 0)
		return 0;
	network_message_make(&message, link, on);
	ask(w, link, &message, "be made");
	return (int)if_nametoindex(link->name);
}

/* The number of the interface, 0 where it is not there. */
static int find(struct work *w, const struct plan_link *link)
{
	struct netlink_message message;
	struct error err = { 0 };
	int index;

	if (link->kind == PLAN_LINK_DEVICE) {
		index = network_devices_find(&w->devices, w->plan, link);
		if (index == 0 || network_devices_rename(w->fd, index, link->name, &err) == 0)
			return index;
		tell(link, &err);
		return 0;
	}
	index = (int)if_nametoindex(link->name);
	if (index == 0)
		return make(w, link);
	/* Somebody's, such as one that the kernel makes when it finds its driver. */
	if (link->kind == PLAN_LINK_BRIDGE || link->kind == PLAN_LINK_BOND) {
		network_message_change(&message, link, index);
		ask(w, link, &message, "be changed to what it should be");
	}
	return index;
}

static void set_card(const struct work *w, const struct plan_link *link, int index)
{
	struct netlink_message message;

	if (network_message_card(&message, link, index))
		ask(w, link, &message, "be given its MAC or MTU");
}

/* Before it comes up. 2: also where the machine forwards, when a mere 1 would mean no. */
static void set_ipv6(const struct work *w, const struct plan_link *link, int index)
{
	struct error err = { 0 };

	(void)w, (void)index;
	if (set(link->accept_ra ? "2" : "0", "/proc/sys/net/ipv6/conf/%s/accept_ra", link->name, &err) < 0 ||
	    set(link->accept_ra ? "1" : "0", "/proc/sys/net/ipv6/conf/%s/autoconf", link->name, &err) < 0)
		tell(link, &err);
	/* A port's packets are its master's; an address of its own would answer beside it. */
	if (link->master && set("1", "/proc/sys/net/ipv6/conf/%s/disable_ipv6", link->name, &err) < 0)
		tell(link, &err);
}

static void set_master(const struct work *w, const struct plan_link *link, int index)
{
	int master = link->master ? (int)if_nametoindex(link->master) : 0;
	struct netlink_message message;

	if (master == 0)
		return;
	/* A bond takes none that is up, and brings it up itself. */
	network_message_up(&message, index, false);
	ask(w, link, &message, "be set down");
	network_message_master(&message, index, master);
	ask(w, link, &message, "become a port");
}

static void bring_up(const struct work *w, const struct plan_link *link, int index)
{
	struct netlink_message message;

	network_message_up(&message, index, link->up);
	ask(w, link, &message, link->up ? "be set up" : "be set down");
}

static void add_addresses(const struct work *w, const struct plan_link *link, int index)
{
	struct netlink_message message;
	struct error err = { 0 };

	for (size_t i = 0; i < link->addresses.count; i++) {
		char what[128];

		(void)snprintf(what, sizeof(what), "be given the address '%s'", link->addresses.items[i]);
		if (network_message_address(&message, index, link->addresses.items[i], &err) < 0)
			tell(link, &err);
		else
			ask(w, link, &message, what);
	}
}

/* The last step: gateways are looked for among the addresses. */
static void add_routes(const struct work *w, const struct plan_link *link, int index)
{
	struct netlink_message message;
	struct error err = { 0 };

	for (size_t i = 0; i < w->plan->routes_count && link->up; i++) {
		const struct plan_route *route = &w->plan->routes[i];
		char what[128];

		if (&w->plan->links[route->link] != link)
			continue;
		(void)snprintf(what, sizeof(what), "be given the route to '%s'", route->to);
		if (network_message_route(&message, index, route, &err) < 0)
			tell(link, &err);
		else
			ask(w, link, &message, what);
	}
}

/* Each for all links before the next: a port needs its master, which comes behind it in the plan, to be there. */
static void (*const steps[])(const struct work *, const struct plan_link *, int) = {
	set_card, set_ipv6, set_master, bring_up, add_addresses, add_routes,
};

/* --- the machine --------------------------------------------------------------------------------- */

static int write_resolv_conf(const struct plan_machine *machine, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (machine->search.count)
		buffer_add_string(&text, "search");
	for (size_t i = 0; i < machine->search.count; i++)
		buffer_printf(&text, " %s", machine->search.items[i]);
	if (machine->search.count)
		buffer_add_string(&text, "\n");
	for (size_t i = 0; i < machine->dns.count; i++)
		buffer_printf(&text, "nameserver %s\n", machine->dns.items[i]);
	if (text.length == 0)
		return 0;
	if (file_mkdirs(AT_FDCWD, "/run/resolvconf", 0755, err) < 0 ||
	    file_write_atomic(AT_FDCWD, RESOLV_CONF_STATIC, text.data, text.length, 0644, err) < 0)
		return -1;
	return file_write_atomic(AT_FDCWD, RESOLV_CONF, text.data, text.length, 0644, err);
}

static void set_machine(const struct plan *plan)
{
	struct error err = { 0 };

	if (write_resolv_conf(&plan->machine, &err) < 0)
		log_error("network: %s", err.message);
	if (!plan->machine.forwarding)
		return;
	if (set("1", "/proc/sys/net/ipv4/%s", "ip_forward", &err) < 0 ||
	    set("1", "/proc/sys/net/ipv6/conf/%s/forwarding", "all", &err) < 0)
		log_error("network: %s", err.message);
}

int network_apply(void *context, struct error *err)
{
	const struct network_apply *job = context;
	const struct plan *plan = job->plan;
	struct arena arena = { 0 };
	autoclose int fd = netlink_open(0, 0);
	struct work w = { .plan = plan, .fd = fd };
	int r = fd < 0 ? error_errno(err, "cannot open a netlink socket") : 0;

	if (job->first)
		set_machine(plan);
	if (r == 0)
		r = network_devices_list(fd, &arena, &w.devices, err);
	w.indexes = arena_array(&arena, plan->links_count + 1, sizeof(*w.indexes));
	for (size_t i = 0; r == 0 && i < plan->links_count; i++)
		if (job->settled[i] == 0 || (int)if_nametoindex(plan->links[i].name) != job->settled[i])
			w.indexes[i] = find(&w, &plan->links[i]);
	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(steps); k++)
		for (size_t i = 0; i < plan->links_count; i++)
			if (w.indexes[i])
				steps[k](&w, &plan->links[i], w.indexes[i]);
	for (size_t i = 0; r == 0 && i < plan->links_count; i++)
		if (w.indexes[i])
			job->settled[i] = w.indexes[i];
	arena_release(&arena);
	return r;
}
