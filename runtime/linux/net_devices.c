/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/netlink.h"

#define TEMPLATE_TRIES 1024

struct addresses {
	int index;			/* of the interface they are of */
	struct buffer messages;		/* struct netlink_message, that add them again */
};

/* The index of a name in the socket's namespace, 0 where it has none. */
static int find(int fd, const char *name)
{
	struct ifreq r = { 0 };

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &r) < 0 ? 0 : r.ifr_ifindex;
}

/* One answer of the dump: kept where it is an address that somebody gave the interface for good, for all to reach. */
static void keep(const struct nlmsghdr *message, void *context)
{
	static const uint16_t kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST };
	const struct rtattr *attributes[IFA_MAX + 1] = { NULL };
	const struct ifaddrmsg *a = netlink_body(message, sizeof(*a));
	struct addresses *out = context;
	struct netlink_message m;
	struct ifaddrmsg again;

	if (message->nlmsg_type != RTM_NEWADDR || !a || (int)a->ifa_index != out->index ||
	    !(a->ifa_flags & IFA_F_PERMANENT) || a->ifa_scope != RT_SCOPE_UNIVERSE)
		return;
	again = (struct ifaddrmsg){ .ifa_family = a->ifa_family, .ifa_prefixlen = a->ifa_prefixlen,
				    .ifa_scope = a->ifa_scope };
	netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &again, sizeof(again));
	netlink_attributes(message, sizeof(*a), attributes, ARRAY_SIZE(attributes));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (attributes[kept[i]])
			netlink_add(&m, kept[i], RTA_DATA(attributes[kept[i]]), RTA_PAYLOAD(attributes[kept[i]]));
	buffer_add(&out->messages, &m, sizeof(m));
}

static int list_addresses(int fd, int index, struct addresses *out, struct error *err)
{
	struct ifaddrmsg any = { 0 };
	struct netlink_message dump;

	out->index = index;
	netlink_begin(&dump, RTM_GETADDR, 0, &any, sizeof(any));
	return netlink_dump(fd, &dump, keep, out, err) < 0 ? error_context(err, "cannot read its addresses") : 0;
}

static int no_such_interface(struct error *err)
{
	return error_set(err, "there is no such interface");
}

static const char *name_inside(const struct oci_net_device *device)
{
	return device->name ? device->name : device->host_name;
}

/* The name inside. "eth%d" is a template: the first that is free. */
static int choose_name(int inside, const struct oci_net_device *device, char name[IFNAMSIZ], struct error *err)
{
	const char *wanted = name_inside(device), *mark = strstr(wanted, "%d");
	int tries = mark ? TEMPLATE_TRIES : 1;

	for (int i = 0; i < tries; i++) {
		int n = mark ? snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(mark - wanted), wanted, i, mark + 2) :
			       snprintf(name, IFNAMSIZ, "%s", wanted);

		if (n <= 0 || n >= IFNAMSIZ || strpbrk(name, "/: \t\n%"))
			return error_set(err, "'%s' is not a name for an interface", wanted);
		if (find(inside, name) == 0)
			return 0;
	}
	return error_set(err, "there is an interface '%s' already", wanted);
}

static int set_up(int fd, const char *name, struct error *err)
{
	struct ifreq r = { 0 };

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return error_errno(err, "cannot read its flags");
	r.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) < 0 ? error_errno(err, "cannot set it up") : 0;
}

int net_devices_raise_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* A kernel without IPv4 has none to set up. */
	if (fd < 0)
		return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? 0 : -1;
	return ioctl(fd, SIOCSIFFLAGS, &r);
}

/* It may have come under another number. */
static int give_back(int inside, int index, struct addresses *addresses, struct error *err)
{
	struct netlink_message *messages = (void *)addresses->messages.data;

	for (size_t i = 0; i < addresses->messages.length / sizeof(*messages); i++) {
		struct ifaddrmsg *address = (void *)messages[i].body;

		address->ifa_index = (uint32_t)index;
		if (netlink_ask(inside, &messages[i], err) < 0)
			return error_context(err, "cannot give it back its address");
	}
	return 0;
}

/* All of them before the first is moved: an interface that only software makes would be gone with the namespace. */
static int check_all(const struct oci_linux *config, int outside, int inside, struct error *err)
{
	char name[IFNAMSIZ];

	for (size_t i = 0; i < config->net_devices_count; i++) {
		const struct oci_net_device *device = &config->net_devices[i];
		const char *wanted = name_inside(device);
		int r = find(outside, device->host_name) == 0 ? no_such_interface(err) : choose_name(inside, device, name, err);

		for (size_t k = 0; k < i && r == 0 && !strstr(wanted, "%d"); k++)
			if (strcmp(name_inside(&config->net_devices[k]), wanted) == 0)
				r = error_set(err, "another one has the name '%s'", wanted);
		if (r < 0)
			return error_context(err, "linux.netDevices['%s']", device->host_name);
	}
	return 0;
}

static int move_one(const struct oci_net_device *device, int outside, int inside, int namespace,
		    struct addresses *addresses, struct error *err)
{
	struct ifinfomsg link = { .ifi_index = find(outside, device->host_name) };
	struct netlink_message move;
	char name[IFNAMSIZ];

	if (link.ifi_index == 0)
		return no_such_interface(err);
	if (choose_name(inside, device, name, err) < 0 || list_addresses(outside, link.ifi_index, addresses, err) < 0)
		return -1;
	netlink_begin(&move, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(&move, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	netlink_add_text(&move, IFLA_IFNAME, name);
	if (netlink_ask(outside, &move, err) < 0)
		return error_context(err, "cannot move it into the container");
	if (give_back(inside, find(inside, name), addresses, err) < 0)
		return -1;
	return set_up(inside, name, err);
}

static int open_socket(struct error *err)
{
	int fd = netlink_open(0, 0);

	return fd < 0 ? error_errno(err, "linux.netDevices: cannot open a netlink socket") : fd;
}

int net_devices_open(const struct oci_linux *config, int *socket, struct error *err)
{
	*socket = -1;
	if (config->net_devices_count == 0)
		return 0;
	*socket = open_socket(err);
	return *socket < 0 ? -1 : 0;
}

int net_devices_move(const struct oci_linux *config, int outside, struct error *err)
{
	autoclose int inside = -1, namespace = -1;

	if (config->net_devices_count == 0)
		return 0;
	inside = open_socket(err);
	if (inside < 0)
		return -1;
	namespace = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return error_errno(err, "linux.netDevices: cannot open the network namespace");
	if (check_all(config, outside, inside, err) < 0)
		return -1;
	for (size_t i = 0; i < config->net_devices_count; i++) {
		struct addresses addresses = { 0 };
		int r = move_one(&config->net_devices[i], outside, inside, namespace, &addresses, err);

		buffer_release(&addresses.messages);
		if (r < 0)
			return error_context(err, "linux.netDevices['%s']", config->net_devices[i].host_name);
	}
	return 0;
}
