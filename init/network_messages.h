/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel is asked for to make a link of the plan as the plan has it: one function a request. They only
 * build; base/netlink.h sends. `index` is the interface's number.
 */
#ifndef INIT_NETWORK_MESSAGES_H
#define INIT_NETWORK_MESSAGES_H

#include "base/netlink.h"
#include "plan/plan.h"

/* Makes it; `on` is the number of the interface that a VLAN is on. */
void network_message_make(struct netlink_message *message, const struct plan_link *link, int on);

/* What a bridge or bond that is there already should be like; also part of the above. */
void network_message_change(struct netlink_message *message, const struct plan_link *link, int index);

void network_message_rename(struct netlink_message *message, int index, const char *name);

/* Its MAC and MTU. False where the plan leaves both as they are, and there is nothing to send. */
bool network_message_card(struct netlink_message *message, const struct plan_link *link, int index);

void network_message_master(struct netlink_message *message, int index, int master);
void network_message_up(struct netlink_message *message, int index, bool up);

/* -1 where the text in the plan is no address. */
int network_message_address(struct netlink_message *message, int index, const char *address, struct error *err);
int network_message_route(struct netlink_message *message, int index, const struct plan_route *route, struct error *err);

#endif
