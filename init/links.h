/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces through rtnetlink(7): made, and moved between network namespaces. */
#ifndef INIT_LINKS_H
#define INIT_LINKS_H

#include "base/error.h"

/*
 * Makes a link of a kind ("veth", "wireguard", "dummy") in the namespace of this process, or where
 * `namespace_fd` is not -1 in that one, with this one as the namespace it was made in.
 * `peer` names the other end of a veth pair, which stays here.
 */
int link_make(const char *name, const char *kind, const char *peer, int namespace_fd, struct error *err);

/* Moves an interface of this process's namespace to another. */
int link_move(const char *name, int namespace_fd, struct error *err);

#endif
