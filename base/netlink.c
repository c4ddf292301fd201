/* SPDX-License-Identifier: Apache-2.0 */
#include "base/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

union answer {
	struct nlmsghdr header;		/* for its alignment */
	char bytes[NETLINK_ANSWER_MAX];
};

void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *body, size_t length)
{
	memset(message, 0, sizeof(*message));
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
	memcpy(message->body, body, length);
}

static struct rtattr *attribute_at(struct netlink_message *message, size_t offset)
{
	return (struct rtattr *)(void *)((char *)message + offset);
}

void netlink_add(struct netlink_message *message, uint16_t type, const void *data, size_t length)
{
	size_t offset = NLMSG_ALIGN(message->header.nlmsg_len);
	struct rtattr *attribute = attribute_at(message, offset);

	if (length > NETLINK_BODY_MAX || offset + RTA_SPACE(length) > offsetof(struct netlink_message, full)) {
		message->full = true;
		return;
	}
	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
	message->header.nlmsg_len = (uint32_t)(offset + RTA_SPACE(length));
}

void netlink_add_text(struct netlink_message *message, uint16_t type, const char *text)
{
	netlink_add(message, type, text, strlen(text) + 1);
}

void netlink_add_number(struct netlink_message *message, uint16_t type, uint32_t number)
{
	netlink_add(message, type, &number, sizeof(number));
}

void netlink_add_byte(struct netlink_message *message, uint16_t type, uint8_t number)
{
	netlink_add(message, type, &number, sizeof(number));
}

size_t netlink_nest(struct netlink_message *message, uint16_t type, const void *data, size_t length)
{
	size_t nest = NLMSG_ALIGN(message->header.nlmsg_len);

	netlink_add(message, type, data, length);
	return nest;
}

void netlink_nest_end(struct netlink_message *message, size_t nest)
{
	/* One that found no room is not there to be closed. */
	if (!message->full)
		attribute_at(message, nest)->rta_len = (unsigned short)(message->header.nlmsg_len - nest);
}

int netlink_open(uint32_t groups, int flags)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);
	int one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	/* Old kernels have no sentences, and that is all. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return fd_take(&fd);
}

int netlink_send(int fd, struct netlink_message *message, struct error *err)
{
	static uint32_t sequence;
	ssize_t n;

	if (message->full)
		return error_number(err, EMSGSIZE, "cannot ask the kernel");
	message->header.nlmsg_seq = ++sequence;
	do
		n = send(fd, &message->header, message->header.nlmsg_len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_errno(err, "cannot ask the kernel") : 0;
}

static ssize_t receive(int fd, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, bytes, size, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The kernel's sentence; NULL where it has none. */
static const char *sentence_of(const struct nlmsghdr *answer)
{
	const struct rtattr *table[NLMSGERR_ATTR_MSG + 1] = { NULL };
	const struct rtattr *text;

	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS) || !(answer->nlmsg_flags & NLM_F_CAPPED))
		return NULL;
	netlink_attributes(answer, sizeof(struct nlmsgerr), table, ARRAY_SIZE(table));
	text = table[NLMSGERR_ATTR_MSG];
	return text && RTA_PAYLOAD(text) > 0 && memchr(RTA_DATA(text), '\0', RTA_PAYLOAD(text)) ? RTA_DATA(text) : NULL;
}

/* 0 or the error of an NLMSG_ERROR. */
static int verdict(const struct nlmsghdr *answer, struct error *err)
{
	const struct nlmsgerr *e = netlink_body(answer, sizeof(*e));
	const char *sentence;
	int number;

	if (!e)
		return error_number(err, EPROTO, "cannot read the kernel's answer");
	if (e->error == 0)
		return 0;
	number = -e->error;
	sentence = sentence_of(answer);
	error_set(err, "%s%s%s", strerror(number), sentence ? ": " : "", sentence ? sentence : "");
	err->number = number;
	return -1;
}

/* Reads what answers the message, up to its verdict or the end of its list. `visit` NULL: there is no list. */
static int read_answers(int fd, const struct netlink_message *message, netlink_visitor *visit, void *context,
			struct error *err)
{
	union answer answer;

	for (;;) {
		const struct nlmsghdr *m;
		size_t at = 0;
		ssize_t n = receive(fd, answer.bytes, sizeof(answer.bytes));

		if (n < 0)
			return error_errno(err, "cannot read the kernel's answer");
		while ((m = netlink_next(answer.bytes, (size_t)n, &at))) {
			if (m->nlmsg_seq != message->header.nlmsg_seq)
				continue;
			if (m->nlmsg_type == NLMSG_ERROR)
				return verdict(m, err);
			if (visit && m->nlmsg_type == NLMSG_DONE)
				return 0;
			if (visit)
				visit(m, context);
		}
	}
}

int netlink_ask(int fd, struct netlink_message *message, struct error *err)
{
	message->header.nlmsg_flags |= NLM_F_ACK;
	return netlink_send(fd, message, err) < 0 ? -1 : read_answers(fd, message, NULL, NULL, err);
}

int netlink_dump(int fd, struct netlink_message *message, netlink_visitor *visit, void *context, struct error *err)
{
	message->header.nlmsg_flags |= NLM_F_DUMP;
	return netlink_send(fd, message, err) < 0 ? -1 : read_answers(fd, message, visit, context, err);
}

const struct nlmsghdr *netlink_next(const void *bytes, size_t length, size_t *at)
{
	const struct nlmsghdr *message = (const void *)((const char *)bytes + *at);
	size_t left = *at < length ? length - *at : 0;

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > left)
		return NULL;
	*at += NLMSG_ALIGN((size_t)message->nlmsg_len);
	return message;
}

const void *netlink_body(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len >= NLMSG_LENGTH(size) ? NLMSG_DATA(message) : NULL;
}

void netlink_attributes(const struct nlmsghdr *message, size_t size, const struct rtattr **table, size_t count)
{
	size_t at = NLMSG_SPACE(size);

	while (message->nlmsg_len >= at + sizeof(struct rtattr)) {
		const struct rtattr *attribute = (const void *)((const char *)message + at);

		if (attribute->rta_len < sizeof(*attribute) || attribute->rta_len > message->nlmsg_len - at)
			return;
		/* Two bits are flags: NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
		if ((attribute->rta_type & NLA_TYPE_MASK) < count)
			table[attribute->rta_type & NLA_TYPE_MASK] = attribute;
		at += RTA_ALIGN((size_t)attribute->rta_len);
	}
}
