/* SPDX-License-Identifier: Apache-2.0 */
#include "init/links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define REQUEST_BYTES 512

struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	char attributes[REQUEST_BYTES];
};

/* Adds an attribute; nested ones stand in it until its length is set by end(). Names are short: REQUEST_BYTES is enough. */
static struct rtattr *add(struct request *request, unsigned short type, const void *data, size_t length)
{
	struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static void end(struct request *request, struct rtattr *attribute)
{
	attribute->rta_len = (unsigned short)((char *)request + request->header.nlmsg_len - (char *)attribute);
}

static void add_name(struct request *request, unsigned short type, const char *name)
{
	(void)add(request, type, name, strlen(name) + 1);
}

/* Sends the request and waits for the kernel's verdict, which comes at once. */
static int ask(struct request *request)
{
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[REQUEST_BYTES];
	} answer;

	request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (fd < 0 || send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -1;
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -answer.error.error;
	return errno == 0 ? 0 : -1;
}

static void add_kind(struct request *request, const char *kind, const char *peer)
{
	struct ifinfomsg nobody = { 0 };
	struct rtattr *info = add(request, IFLA_LINKINFO, NULL, 0), *data, *other;

	add_name(request, IFLA_INFO_KIND, kind);
	if (peer) {
		data = add(request, IFLA_INFO_DATA, NULL, 0);
		other = add(request, VETH_INFO_PEER, &nobody, sizeof(nobody));
		add_name(request, IFLA_IFNAME, peer);
		end(request, other);
		end(request, data);
	}
	end(request, info);
}

int link_make(const char *name, const char *kind, const char *peer, int namespace_fd, struct error *err)
{
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(request.link)), .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
	};

	add_name(&request, IFLA_IFNAME, name);
	if (namespace_fd >= 0)
		(void)add(&request, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
	add_kind(&request, kind, peer);
	if (ask(&request) < 0)
		return error_errno(err, "cannot make the interface '%s' (%s)", name, kind);
	return 0;
}

int link_move(const char *name, int namespace_fd, struct error *err)
{
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(request.link)), .nlmsg_type = RTM_NEWLINK },
	};

	add_name(&request, IFLA_IFNAME, name);
	(void)add(&request, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
	if (ask(&request) < 0)
		return error_errno(err, "cannot move the interface '%s'", name);
	return 0;
}
