/* SPDX-License-Identifier: Apache-2.0 */
/* `network:` as a whole: how its interfaces stand on each other, and the service that DHCP needs. */
#ifndef MKIMAGE_MANIFEST_NETWORK_H
#define MKIMAGE_MANIFEST_NETWORK_H

#include <stdbool.h>

#include "tools/mkimage/manifest/check.h"

/*
 * Where an interface asks for DHCP: the service that does it, unless the manifest has one of its name; there, what is
 * not stated of it is filled in. Before check_manifest().
 */
void network_add_dhcp(struct manifest *manifest, struct arena *arena);

/* network.c: what each interface says, and the names they call each other by. */
int check_network(struct checker *checker, const struct manifest *manifest);

/* network_routes.c: gateways that can be reached, and no two routes to one place. */
int check_routes(struct checker *checker, const struct manifest_network *network);

/* The interface of that name, -1 where there is none. */
int network_find(const struct manifest_network *network, const char *name);

/* The bridge or bond that has it as a port, NULL where none has. */
const struct manifest_link *network_master(const struct manifest_network *network, const struct manifest_link *port);

/*
 * The indexes of the interfaces, each behind those that it stands on: a VLAN's link, ports, the pair that one is the end of.
 * NULL, or the name that closes a circle.
 */
const struct manifest_string *network_order(const struct manifest_network *network, size_t *order, struct arena *arena);

/* What an interface of DHCP is set up for; of `dhcp: no` neither. */
bool network_dhcp4(const struct manifest_link *link);
bool network_dhcp6(const struct manifest_link *link);

/* "network.interfaces[0]" */
const char *network_where(const struct manifest_network *network, const struct manifest_link *link, struct arena *arena);

#endif
