/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define ADDRESSES_MAX 64		/* of one interface */
#define ATTRIBUTES_MAX 256		/* bytes: a name, or three addresses */
#define TEMPLATE_TRIES 1024

struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[ATTRIBUTES_MAX];
};

struct addresses {
	struct request items[ADDRESSES_MAX];	/* that add them again */
	size_t count;
};

static struct request request_new(uint16_t type, uint16_t flags, size_t body)
{
	return (struct request){ .header = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(body), .nlmsg_type = type,
					     .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) } };
}

/* What does not fit is not from the kernel. */
static void add(struct request *r, unsigned short type, const void *data, size_t length)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	if (NLMSG_ALIGN(r->header.nlmsg_len) + RTA_SPACE(length) > sizeof(*r))
		return;
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(length);
	memcpy(RTA_DATA(a), data, length);
	r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + (uint32_t)RTA_SPACE(length);
}

/* Sends it and waits for the answer, an error number of the kernel or 0. */
static int talk(int fd, struct request *r)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[1024];
	} answer;
	ssize_t n;

	r->header.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, r, r->header.nlmsg_len, 0) < 0)
		return -1;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		return -1;
	errno = n < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) || answer.header.nlmsg_type != NLMSG_ERROR ?
			EPROTO : -answer.error.error;
	return errno ? -1 : 0;
}

/* The index of a name in the socket's namespace, 0 where it has none. */
static int find(int fd, const char *name)
{
	struct ifreq r = { 0 };

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &r) < 0 ? 0 : r.ifr_ifindex;
}

/* One answer of the dump: kept where it is an address that somebody gave the interface for good, for all to reach. */
static void keep(struct nlmsghdr *message, int index, struct addresses *out)
{
	const struct ifaddrmsg *a = NLMSG_DATA(message);
	int rest = (int)IFA_PAYLOAD(message);
	struct request *r = &out->items[out->count];

	if (message->nlmsg_type != RTM_NEWADDR || (int)a->ifa_index != index || !(a->ifa_flags & IFA_F_PERMANENT) ||
	    a->ifa_scope != RT_SCOPE_UNIVERSE || out->count == ADDRESSES_MAX)
		return;
	*r = request_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*a));
	r->address = (struct ifaddrmsg){ .ifa_family = a->ifa_family, .ifa_prefixlen = a->ifa_prefixlen,
					 .ifa_scope = a->ifa_scope };
	for (const struct rtattr *i = IFA_RTA(a); RTA_OK(i, rest); i = RTA_NEXT(i, rest))
		if (i->rta_type == IFA_LOCAL || i->rta_type == IFA_ADDRESS || i->rta_type == IFA_BROADCAST)
			add(r, i->rta_type, RTA_DATA(i), RTA_PAYLOAD(i));
	out->count++;
}

static int list_addresses(int fd, int index, struct addresses *out, struct error *err)
{
	struct request dump = request_new(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	_Alignas(struct nlmsghdr) char answer[16384];

	out->count = 0;
	if (send(fd, &dump, dump.header.nlmsg_len, 0) < 0)
		return error_errno(err, "cannot ask for its addresses");
	for (;;) {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);

		if (n < 0)
			return error_errno(err, "cannot read its addresses");
		for (struct nlmsghdr *m = (struct nlmsghdr *)(void *)answer; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
			if (m->nlmsg_type == NLMSG_DONE)
				return 0;
			if (m->nlmsg_type == NLMSG_ERROR)
				return error_set(err, "cannot read its addresses");
			keep(m, index, out);
		}
	}
}

/* The name inside. "eth%d" is a template: the first that is free. */
static int choose_name(int inside, const struct oci_net_device *device, char name[IFNAMSIZ], struct error *err)
{
	const char *wanted = device->name ? device->name : device->host_name, *mark = strstr(wanted, "%d");
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

static int move_one(const struct oci_net_device *device, int outside, int inside, int namespace, struct error *err)
{
	struct request move = request_new(RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	int index = find(outside, device->host_name);
	struct addresses addresses;
	char name[IFNAMSIZ];

	if (index == 0)
		return error_set(err, "there is no such interface");
	if (choose_name(inside, device, name, err) < 0 || list_addresses(outside, index, &addresses, err) < 0)
		return -1;
	move.link.ifi_index = index;
	add(&move, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	add(&move, IFLA_IFNAME, name, strlen(name) + 1);
	if (talk(outside, &move) < 0)
		return error_errno(err, "cannot move it into the container");
	/* It may have come under another number. */
	index = find(inside, name);
	for (size_t i = 0; i < addresses.count; i++) {
		addresses.items[i].address.ifa_index = (uint32_t)index;
		if (talk(inside, &addresses.items[i]) < 0)
			return error_errno(err, "cannot give it back its address");
	}
	return set_up(inside, name, err);
}

static int open_socket(struct error *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

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
	for (size_t i = 0; i < config->net_devices_count; i++)
		if (move_one(&config->net_devices[i], outside, inside, namespace, err) < 0)
			return error_context(err, "linux.netDevices['%s']", config->net_devices[i].host_name);
	return 0;
}
