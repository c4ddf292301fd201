/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets that a service is given as files, in a ramfs of its own at PLAN_CREDENTIALS/NAME. The first place that has one
 * counts: QEMU's fw_cfg, the strings of SMBIOS, the kernel's command line, the root image.
 */
#ifndef INIT_CREDENTIALS_H
#define INIT_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "plan/plan.h"

#define CREDENTIAL_BYTES_MAX (1u << 20)

/* Makes them for the container, anew at each start. In the container's child: it allocates. Nothing where it has none. */
int credentials_prepare(const struct plan *plan, const struct plan_container *container, struct error *err);

/*
 * For each place: appends the credential to `out`, and is true where it is there. Values that are not what they
 * should be (base64) are errors: then `err` has a message, and false is returned.
 */
bool credential_from_cmdline(const char *cmdline, const char *name, struct buffer *out, struct error *err);
bool credential_from_smbios(const unsigned char *table, size_t length, const char *name, struct buffer *out,
			    struct error *err);

#endif
