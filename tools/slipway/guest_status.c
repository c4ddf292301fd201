/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/guest_status.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void take_exit(struct guest_status *guest, const char *argument)
{
	char *end;
	long n = strtol(argument, &end, 10);

	if (*argument < '0' || *argument > '9' || *end || n > 255) {
		log_warning("the guest reported the status '%s', which is not a number from 0 to 255",
			    argument);
		return;
	}
	guest->status = (int)n;
	guest->reported = true;
}

static void take_failed(struct guest_status *guest, const char *argument)
{
	log_message(LOG_LEVEL_INFO, "guest: %s", argument);
	if (!guest->failed)
		(void)strcpy(guest->failure, argument);
	guest->failed = true;
}

static const struct {
	const char *word;
	void (*take)(struct guest_status *guest, const char *argument);
} messages[] = {
	{ "exit", take_exit },
	{ "failed", take_failed },
};

static void take_line(struct guest_status *guest)
{
	size_t word = strcspn(guest->line, " ");
	const char *argument = guest->line + word + (guest->line[word] == ' ');

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		if (strlen(messages[i].word) == word && memcmp(messages[i].word, guest->line, word) == 0)
			messages[i].take(guest, argument);
}

/* A message stays one line, and moves no cursor. Bytes above 0x7f stay, for UTF-8. */
static char printable(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
}

void guest_status_feed(struct guest_status *guest, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] != '\n') {
			if (guest->length < GUEST_STATUS_LINE_MAX)
				guest->line[guest->length++] = printable(data[i]);
			continue;
		}
		guest->line[guest->length] = '\0';
		guest->length = 0;
		take_line(guest);
	}
}
