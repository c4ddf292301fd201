/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of lines: `log:` of a container over that of its image's label over `logging:` of the machine. */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

static const char *const policies[] = { [PLAN_LOG_WAIT] = "wait", [PLAN_LOG_DROP] = "drop" };
static const char *const syncs[] = {
	[PLAN_SYNC_NEVER] = "never", [PLAN_SYNC_INTERVAL] = "interval", [PLAN_SYNC_ALWAYS] = "always",
};

/* The values were checked when the manifest was read; a label's too. */
static unsigned int word_of(const char *const *words, size_t count, const char *text)
{
	unsigned int i = 0;

	while (i + 1 < count && strcmp(words[i], text) != 0)
		i++;
	return i;
}

static unsigned int kilobytes(const char *text)
{
	uint64_t bytes = 0;

	(void)manifest_size(text, &bytes);
	return (unsigned int)((bytes + 1023) / 1024);
}

static void apply(const struct manifest_log *stated, struct plan_log *log)
{
	const struct manifest_log_file *file = &stated->file;

	if (stated->console.set)
		log->console = stated->console.value;
	if (stated->memory.value)
		log->memory = kilobytes(stated->memory.value);
	if (stated->policy.value)
		log->policy = (enum plan_log_policy)word_of(policies, ARRAY_SIZE(policies), stated->policy.value);
	if (stated->kmsg.set)
		log->kmsg = stated->kmsg.value;
	if (!file->set)
		return;
	log->file_size = kilobytes(file->size.value);
	if (file->count.set)
		log->file_count = (unsigned int)file->count.value;
	if (file->sync.value)
		log->sync = (enum plan_log_sync)word_of(syncs, ARRAY_SIZE(syncs), file->sync.value);
}

struct plan_log logging_of(const struct manifest *manifest, const struct manifest_log *stated)
{
	struct plan_log log = { .console = true, .memory = 256, .file_count = 5, .sync = PLAN_SYNC_INTERVAL };

	apply(&manifest->logging.defaults, &log);
	if (stated)
		apply(stated, &log);
	return log;
}

/* The kernel brings its lines to the console by itself, and they are in its buffer. */
static struct plan_log own_log(const struct manifest *manifest)
{
	struct plan_log log = logging_of(manifest, NULL);

	log.console = log.kmsg = false;
	log.policy = PLAN_LOG_WAIT;
	return log;
}

int logging_compile(const struct compile_input *input, struct arena *arena, struct plan *plan, struct error *err)
{
	const struct manifest_logging *logging = &input->manifest->logging;

	plan->machine.log = own_log(input->manifest);
	for (size_t i = 0; i < logging->remotes_count; i++) {
		const struct manifest_log_remote *stated = &logging->remotes[i];
		struct manifest_syslog_target target;
		struct plan_remote *remote;

		if (i == PLAN_REMOTES_MAX)
			return place_error(&stated->at, err, "logging.remotes: %d are the most", PLAN_REMOTES_MAX);
		if (!manifest_syslog(stated->syslog.value, arena, &target))
			return place_error(&stated->syslog.at, err, "logging.remotes[%zu].syslog: cannot be read", i);
		remote = arena_push(arena, &plan->remotes, &plan->remotes_count, sizeof(*remote));
		*remote = (struct plan_remote){
			.protocol = target.tcp ? PLAN_REMOTE_TCP : PLAN_REMOTE_UDP, .host = target.host, .port = target.port,
			.format = stated->format.value && strcmp(stated->format.value, "json") == 0 ? PLAN_REMOTE_JSON :
												      PLAN_REMOTE_RFC5424,
		};
	}
	return 0;
}
