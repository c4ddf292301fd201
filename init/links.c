/* SPDX-License-Identifier: Apache-2.0 */
#include "init/links.h"

#include <linux/if_link.h>
#include <linux/veth.h>

#include "base/cleanup.h"
#include "base/netlink.h"

static int ask(struct netlink_message *request, struct error *err)
{
	autoclose int fd = netlink_open(0, 0);

	return fd < 0 ? error_errno(err, "cannot open a netlink socket") : netlink_ask(fd, request, err);
}

static void add_kind(struct netlink_message *request, const char *kind, const char *peer)
{
	struct ifinfomsg nobody = { 0 };
	size_t info = netlink_nest(request, IFLA_LINKINFO, NULL, 0), data, other;

	netlink_add_text(request, IFLA_INFO_KIND, kind);
	if (peer) {
		data = netlink_nest(request, IFLA_INFO_DATA, NULL, 0);
		other = netlink_nest(request, VETH_INFO_PEER, &nobody, sizeof(nobody));
		netlink_add_text(request, IFLA_IFNAME, peer);
		netlink_nest_end(request, other);
		netlink_nest_end(request, data);
	}
	netlink_nest_end(request, info);
}

int link_make(const char *name, const char *kind, const char *peer, int namespace_fd, struct error *err)
{
	struct ifinfomsg link = { 0 };
	struct netlink_message request;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	netlink_add_text(&request, IFLA_IFNAME, name);
	if (namespace_fd >= 0)
		netlink_add(&request, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
	add_kind(&request, kind, peer);
	if (ask(&request, err) < 0)
		return error_context(err, "cannot make the interface '%s' (%s)", name, kind);
	return 0;
}

int link_move(const char *name, int namespace_fd, struct error *err)
{
	struct ifinfomsg link = { 0 };
	struct netlink_message request;

	netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add_text(&request, IFLA_IFNAME, name);
	netlink_add(&request, IFLA_NET_NS_FD, &namespace_fd, sizeof(namespace_fd));
	if (ask(&request, err) < 0)
		return error_context(err, "cannot move the interface '%s'", name);
	return 0;
}
