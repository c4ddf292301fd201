/* SPDX-License-Identifier: Apache-2.0 */
/* What services, servers and the firmware say: the first byte chooses who speaks. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "init/credentials.h"
#include "init/notify.h"
#include "init/oom.h"
#include "init/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1, *copy;
	autobuffer struct buffer out = { 0 };
	struct notify_message message;
	struct arena arena = { 0 };
	struct error err = { 0 };

	if (size-- == 0)
		return 0;
	copy = arena_strndup(&arena, text, size);
	notify_parse(text, size, &message);
	if (memchr(message.said, '\0', sizeof(message.said)) == NULL || probe_http_status(text, size) > 999)
		abort();
	(void)notify_is_in_cgroup(copy, "services/a");
	(void)oom_kills_of(copy);
	if (data[0] & 1)
		(void)credential_from_cmdline(copy, "key", &out, &err);
	else
		(void)credential_from_smbios((const unsigned char *)text, size, "key", &out, &err);
	arena_release(&arena);
	return 0;
}
