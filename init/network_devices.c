/* SPDX-License-Identifier: Apache-2.0 */
#include "init/network_devices.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/netlink.h"
#include "base/path.h"
#include "init/network_messages.h"

#ifndef IFLA_PERM_ADDRESS
#define IFLA_PERM_ADDRESS 54
#endif

/* A kind of its own has what was made: "vlan", "veth". */
static bool has_kind(const struct rtattr *info)
{
	const struct rtattr *at = info ? RTA_DATA(info) : NULL;
	int left = info ? (int)RTA_PAYLOAD(info) : 0;

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == IFLA_INFO_KIND)
			return true;
	return false;
}

static void read_driver(struct network_device *device)
{
	char path[128], target[256];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", device->name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	(void)snprintf(device->driver, sizeof(device->driver), "%s", path_base(target));
}

static void keep(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *attributes[IFLA_PERM_ADDRESS + 1] = { NULL }, *name, *mac;
	const struct ifinfomsg *body = netlink_body(message, sizeof(*body));
	struct network_devices *devices = context;
	struct network_device *device;

	if (message->nlmsg_type != RTM_NEWLINK || !body || body->ifi_type != ARPHRD_ETHER)
		return;
	netlink_attributes(message, sizeof(*body), attributes, ARRAY_SIZE(attributes));
	name = attributes[IFLA_IFNAME];
	if (!name || RTA_PAYLOAD(name) > IFNAMSIZ || has_kind(attributes[IFLA_LINKINFO]))
		return;
	device = arena_push(devices->arena, &devices->items, &devices->count, sizeof(*device));
	device->index = body->ifi_index;
	memcpy(device->name, RTA_DATA(name), RTA_PAYLOAD(name));
	device->name[IFNAMSIZ - 1] = '\0';
	mac = attributes[IFLA_PERM_ADDRESS] ? attributes[IFLA_PERM_ADDRESS] : attributes[IFLA_ADDRESS];
	device->has_mac = mac && RTA_PAYLOAD(mac) == MAC_BYTES;
	if (device->has_mac)
		memcpy(device->mac, RTA_DATA(mac), MAC_BYTES);
	read_driver(device);
}

int network_devices_list(int fd, struct arena *arena, struct network_devices *devices, struct error *err)
{
	struct ifinfomsg any = { 0 };
	struct netlink_message dump;

	*devices = (struct network_devices){ .arena = arena };
	netlink_begin(&dump, RTM_GETLINK, 0, &any, sizeof(any));
	if (netlink_dump(fd, &dump, keep, devices, err) < 0)
		return error_context(err, "cannot list the interfaces");
	return 0;
}

static bool is_same_driver(const char *a, const char *b)
{
	/* Modules have '_' where drivers may have '-'. */
	for (; *a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b))); a++)
		b++;
	return *a == *b;
}

static bool fits(const struct network_device *device, const struct plan_link *link)
{
	unsigned char mac[MAC_BYTES];

	if (link->match_name && fnmatch(link->match_name, device->name, 0) != 0)
		return false;
	if (link->match_driver && !is_same_driver(link->match_driver, device->driver))
		return false;
	return !link->match_mac || (mac_parse(link->match_mac, mac) && device->has_mac &&
				    memcmp(mac, device->mac, MAC_BYTES) == 0);
}

static bool is_of_another(const struct network_device *device, const struct plan *plan, const struct plan_link *link)
{
	for (size_t i = 0; i < plan->links_count; i++)
		if (&plan->links[i] != link && strcmp(plan->links[i].name, device->name) == 0)
			return true;
	return false;
}

/* By MAC and driver alone it is the card that is meant, whatever it is called now. */
static bool may_take(const struct network_device *device, const struct plan *plan, const struct plan_link *link)
{
	return fits(device, link) && (link->match_mac || !is_of_another(device, plan, link));
}

int network_devices_find(const struct network_devices *devices, const struct plan *plan, const struct plan_link *link)
{
	if (!link->match_name && !link->match_mac && !link->match_driver)
		return (int)if_nametoindex(link->name);
	for (size_t i = 0; i < devices->count; i++)
		if (strcmp(devices->items[i].name, link->name) == 0 && fits(&devices->items[i], link))
			return devices->items[i].index;
	for (size_t i = 0; i < devices->count; i++)
		if (may_take(&devices->items[i], plan, link))
			return devices->items[i].index;
	return 0;
}

/* Kernels before 6.2 rename nothing that is up. */
static int rename_one(int fd, int index, const char *name, struct error *err)
{
	struct netlink_message message;

	network_message_rename(&message, index, name);
	if (netlink_ask(fd, &message, err) == 0)
		return 0;
	if (err->number != EBUSY)
		return -1;
	network_message_up(&message, index, false);
	if (netlink_ask(fd, &message, err) < 0)
		return -1;
	network_message_rename(&message, index, name);
	return netlink_ask(fd, &message, err);
}

int network_devices_rename(int fd, int index, const char *name, struct error *err)
{
	int other = (int)if_nametoindex(name);
	char aside[IFNAMSIZ];

	if (other == index)
		return 0;
	(void)snprintf(aside, sizeof(aside), "other%d", other);
	if (other != 0 && rename_one(fd, other, aside, err) < 0)
		return error_context(err, "cannot rename the interface that has its name");
	return rename_one(fd, index, name, err) < 0 ? error_context(err, "cannot be given its name") : 0;
}
