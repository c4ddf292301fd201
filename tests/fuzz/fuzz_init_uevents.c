/* SPDX-License-Identifier: Apache-2.0 */
/* Device events from any bytes. */
#include "init/uevents.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct uevent event;

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (uevent_parse(text, size, &event) &&
	    strlen(event.action) + strlen(event.subsystem) + strlen(event.name) + strlen(event.modalias) > size)
		abort();
	free(text);
	return 0;
}
