/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that speak to registries have in common: options, and what they tell while they work. */
#ifndef SLIPWAY_REGISTRY_OPTIONS_H
#define SLIPWAY_REGISTRY_OPTIONS_H

#include "base/option.h"
#include "tools/mkimage/registry/registry.h"

struct registry_values {
	const char *authfile, *certificates;
	struct option_list insecure;
	unsigned int timeout, attempts, parallel;
	bool quiet;
};

/* Rows for a table of options; `S` has a member `m` that is a struct registry_values. */
#define REGISTRY_OPTION_ROWS(S, m)                                                                                      \
	{ OPTION_STRING, 0, "authfile", "FILE", "passwords (default: where podman and docker login put them)",          \
	  offsetof(S, m.authfile) },                                                                                    \
	{ OPTION_STRING, 0, "cert-dir", "DIR", "certificates: DIR/HOST/*.crt (default: containers/certs.d)",            \
	  offsetof(S, m.certificates) },                                                                                \
	{ OPTION_LIST, 0, "insecure", "HOST", "this registry may have any certificate, or no TLS (repeatable)",         \
	  offsetof(S, m.insecure) },                                                                                    \
	{ OPTION_UNSIGNED, 0, "timeout", "SECONDS", "how long to wait for a registry that says nothing (default 30)",   \
	  offsetof(S, m.timeout) },                                                                                     \
	{ OPTION_UNSIGNED, 0, "attempts", "N", "how often to try what may go right the next time (default 5)",          \
	  offsetof(S, m.attempts) },                                                                                    \
	{ OPTION_UNSIGNED, 0, "parallel", "N", "transfers at once (default 4)", offsetof(S, m.parallel) }

struct transfers;

/* Opens a registry that reports to standard error; closed by registry_options_close(). */
int registry_options_open(const struct registry_values *values, struct registry **registry, struct transfers **transfers,
			  struct error *err);
void registry_options_close(struct registry *registry, struct transfers *transfers);

#endif
