/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/registry_options.h"

#include "tools/slipway/transfers.h"

int registry_options_open(const struct registry_values *values, struct registry **registry, struct transfers **transfers,
			  struct error *err)
{
	struct registry_options options = {
		.authfile = values->authfile, .certificates = values->certificates, .insecure = values->insecure.items,
		.insecure_count = values->insecure.count, .timeout = values->timeout, .attempts = values->attempts,
		.parallel = values->parallel, .report = transfers_report,
	};

	*transfers = transfers_open(values->quiet);
	options.context = *transfers;
	if (registry_open(&options, registry, err) == 0)
		return 0;
	transfers_close(*transfers);
	return -1;
}

void registry_options_close(struct registry *registry, struct transfers *transfers)
{
	registry_close(registry);
	transfers_close(transfers);
}
