/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the keys about a service's life go together. */
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/manifest/check.h"

/* A probe asks in one way. */
static int check_probe(struct checker *checker, const struct manifest_probe *p, const char *where, const char *key)
{
	unsigned int ways = (p->exec.set ? 1 : 0) + (p->tcp.value ? 1 : 0) + (p->http.set ? 1 : 0);

	if (!p->set || p->word.value)
		return 0;
	if (ways != 1)
		return check_fail(checker, &p->at, where, key, "expected one of 'exec', 'tcp' and 'http', got %s",
				  ways ? "more than one" : "none");
	if (p->exec.set && p->exec.count == 0)
		return check_fail(checker, &p->exec.at, where, key, "exec: is empty; give a command");
	return 0;
}

static int check_schedule(struct checker *checker, const struct manifest_container *c, const char *where)
{
	const struct manifest_schedule *s = &c->schedule;
	const struct {
		bool stated;
		const struct place *at;
		const char *key, *why;
	} others[] = {
		{ c->ready.set, &c->ready.at, "ready", "a job of a 'schedule' is never ready: nothing waits for it" },
		{ c->health.set, &c->health.at, "health", "a job of a 'schedule' is to end" },
		{ c->watchdog.value, &c->watchdog.at, "watchdog", "a job of a 'schedule' is to end" },
		{ c->oneshot.set, &c->oneshot.at, "oneshot", "a job of a 'schedule' is one at each of its times" },
		{ c->on_exit.value, &c->on_exit.at, "on_exit", "a job of a 'schedule' ends again and again" },
	};

	if (!s->set)
		return 0;
	if (!s->word.value && !s->every.value == !s->cron.value)
		return check_fail(checker, &s->at, where, "schedule", "expected either 'every' or 'cron'");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].stated)
			return check_fail(checker, others[i].at, where, others[i].key, "%s; remove one of them",
					  others[i].why);
	if (c->restart.value && strcmp(c->restart.value, "always") == 0)
		return check_fail(checker, &c->restart.at, where, "restart",
				  "'always' does not go with 'schedule'; write 'never' or a number of tries");
	return 0;
}

static int check_credentials(struct checker *checker, const struct manifest_container *c, const char *where)
{
	for (size_t i = 0; i < c->credentials_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->credentials[i].name.value, c->credentials[k].name.value) == 0)
				return check_fail(checker, &c->credentials[i].at, where,
						  arena_printf(checker->arena, "credentials[%zu]", i),
						  "'%s' stands twice", c->credentials[i].name.value);
	return 0;
}

int check_supervision(struct checker *checker, const struct manifest_container *c, const char *where)
{
	if (check_probe(checker, &c->ready, where, "ready") < 0 || check_probe(checker, &c->health, where, "health") < 0 ||
	    check_schedule(checker, c, where) < 0)
		return -1;
	return check_credentials(checker, c, where);
}
