/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the network and of cards, from their text: "10.0.0.2/24", "fd00::2", "52:54:00:12:34:56". */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_BYTES_MAX 16
#define MAC_BYTES 6

struct address {
	int family;			/* AF_INET or AF_INET6 */
	unsigned char bytes[ADDRESS_BYTES_MAX];	/* the first address_length() of them */
	unsigned int prefix;		/* bits; of an address without "/N" all */
};

/* 4 or 16. */
size_t address_length(const struct address *address);

/* With or without "/N". False where the text is neither. */
bool address_parse(const char *text, struct address *address);

/* The two share the first bits of `network`, as many as its prefix has. */
bool address_in(const struct address *address, const struct address *network);

/* fe80::/10: one for each interface, on no map. */
bool address_is_link_local(const struct address *address);

bool address_is_zero(const struct address *address);
bool address_is_multicast(const struct address *address);

/* Six bytes in hex with colons between them. */
bool mac_parse(const char *text, unsigned char bytes[MAC_BYTES]);

#endif
