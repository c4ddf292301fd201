/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of rtnetlink(7): built in place, sent and answered at once, and read back one by one. What
 * comes in is taken apart with its lengths checked, so that bytes from anywhere can be read.
 */
#ifndef BASE_NETLINK_H
#define BASE_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define NETLINK_BODY_MAX 1024		/* bytes behind the header: names and addresses, a few dozen of them */
#define NETLINK_ANSWER_MAX 16384	/* what the kernel puts into one datagram of a dump, and more */

struct netlink_message {
	struct nlmsghdr header;
	char body[NETLINK_BODY_MAX];
	bool full;			/* something did not fit: it is not sent */
};

/* A request with the body that its type begins with: struct ifinfomsg, ifaddrmsg, rtmsg. */
void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *body, size_t length);

void netlink_add(struct netlink_message *message, uint16_t type, const void *data, size_t length);
void netlink_add_text(struct netlink_message *message, uint16_t type, const char *text);
void netlink_add_number(struct netlink_message *message, uint16_t type, uint32_t number);
void netlink_add_byte(struct netlink_message *message, uint16_t type, uint8_t number);

/* What is added until the end of the nest, stands in it. `data` as for netlink_add(), in front; it may be NULL. */
size_t netlink_nest(struct netlink_message *message, uint16_t type, const void *data, size_t length);
void netlink_nest_end(struct netlink_message *message, size_t nest);

/* A socket that hears of `groups` (RTMGRP_LINK, ...; 0 is none), or -1 with errno. */
int netlink_open(uint32_t groups, int flags);

/* Numbers it and sends it; what answers it has its number. */
int netlink_send(int fd, struct netlink_message *message, struct error *err);

/*
 * Sends it and waits for the kernel's verdict, which comes at once. The error is the kernel's own words,
 * "Network is unreachable: Nexthop has invalid gateway"; its number is there, too.
 */
int netlink_ask(int fd, struct netlink_message *message, struct error *err);

typedef void netlink_visitor(const struct nlmsghdr *message, void *context);

/* A request with NLM_F_DUMP: `visit` sees each message of the answer. */
int netlink_dump(int fd, struct netlink_message *message, netlink_visitor *visit, void *context, struct error *err);

/* The whole messages of what was received, one after the other; NULL behind the last. `at` begins as 0. */
const struct nlmsghdr *netlink_next(const void *bytes, size_t length, size_t *at);

/*
 * The body of a message, NULL where it is shorter than `size`; and its attributes by their types, of which those
 * from `count` on are passed over.
 */
const void *netlink_body(const struct nlmsghdr *message, size_t size);
void netlink_attributes(const struct nlmsghdr *message, size_t size, const struct rtattr **table, size_t count);

#endif
