/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a manifest as text, for those that are made from something else. */
#ifndef MKIMAGE_COMPOSE_TEXT_H
#define MKIMAGE_COMPOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"

/* A scalar that reads back as this text: plain where that is safe, else in double quotes. */
void text_scalar(struct buffer *out, const char *text);

/* "INDENTkey: scalar\n". */
void text_key(struct buffer *out, const char *indent, const char *key, const char *value);

/* "INDENTkey: [a, b]\n". */
void text_list(struct buffer *out, const char *indent, const char *key, const char *const *items, size_t count);

/* The text with what a name must not have replaced by '-', in lower case, at most 60 characters; "app" where nothing is left. In the arena. */
char *text_name(const char *text, struct arena *arena);

/*
 * What every machine made from something of Docker's has: a kernel, a network with DHCP, and a table of hosts in which `names`
 * are this machine, with `hosts` as further lines; both are ended by NULL. More elements of `files:` can follow.
 */
void text_machine(struct buffer *out, const char *hostname, const char *const *names, const char *const *hosts);

/* Where its volumes that are persistent are kept: on the one disk that there is, if there is one. */
void text_storage(struct buffer *out);

/* What its services bind, ended by NULL: names of hosts, and who knows others. */
extern const char *const machine_binds[];

/* The capabilities that Docker gives, ended by NULL. */
extern const char *const docker_capabilities[];

#endif
