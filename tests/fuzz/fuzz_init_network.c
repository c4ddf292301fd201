/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as what the kernel says about links and addresses. */
#include "init/network_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *address = "10.0.0.2/24";
	struct plan_link links[] = { { .name = "eth0", .up = true, .addresses = { &address, 1 } },
				     { .name = "lo", .up = true, .dhcp = PLAN_DHCP_BOTH } };
	struct plan plan = { .links = links, .links_count = 2 };
	struct network_table table;
	struct arena arena = { 0 };
	int settled[2] = { 1, 1 };
	const char *lacks;
	/* Aligned as a buffer of PID 1 is, and as long as what was received. */
	void *bytes = malloc(size ? size : 1);
	const struct nlmsghdr *message;
	size_t at = 0;

	memcpy(bytes, data, size);
	network_table_open(&table, &plan, settled, &arena);
	while ((message = netlink_next(bytes, size, &at)))
		(void)network_table_read(&table, message);
	(void)network_table_lacks(&table, &lacks);
	free(bytes);
	arena_release(&arena);
	return 0;
}
