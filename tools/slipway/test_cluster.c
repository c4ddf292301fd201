/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_cluster.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/slipway/lan.h"
#include "tools/slipway/members.h"

#define POWEROFF_SECONDS 30		/* for those that stand aside, when all tests are over */

struct cluster {
	const struct test_run *runs;
	struct test_result *results;
	const char *who;
	struct lan lan;
	struct members members;
	size_t tests;			/* that are not over */
	bool stopping;			/* what ends now was asked to */
	struct error why;		/* why tests that go on have no result; "" where they may have one */
};

/* ------------------------------------------------------------ in the process of a machine */

static void __attribute__((noreturn)) member(void *context, size_t index)
{
	struct cluster *c = context;
	struct test_run run = c->runs[index];
	struct arena arena = { 0 };	/* ends with the process */

	log_open(arena_printf(&arena, "%s: %s", c->who, run.machine), STDERR_FILENO, LOG_LEVEL_INFO, false);
	run.vm.lan.group = NULL;
	run.vm.lan.fd = lan_take(&c->lan, index);
	run.poweroff_signal = MEMBERS_POWEROFF;
	test_run(&run, &c->results[index]);
	_exit(0);
}

/* ------------------------------------------------------------ in the process that looks after all */

static void stop(struct cluster *c, int signal)
{
	c->stopping = true;
	members_send(&c->members, signal);
	if (signal == MEMBERS_POWEROFF)
		members_limit(&c->members, POWEROFF_SECONDS);
}

static void take_end_of_test(struct cluster *c)
{
	if (--c->tests == 0 && !c->stopping)
		stop(c, MEMBERS_POWEROFF);
}

static void take_end_aside(struct cluster *c, const struct test_run *run, const struct test_result *result)
{
	if (c->stopping)
		return;
	if (result->outcome == TEST_PASSED) {
		log_info("the machine '%s' has powered off, and the test goes on", run->machine);
		return;
	}
	if (!run->critical) {
		log_info("the machine '%s' has died, and the test goes on: %s", run->machine, result->message);
		return;
	}
	error_set(&c->why, "the machine '%s' died before the test ended: %s", run->machine, result->message);
	stop(c, SIGTERM);
}

static void take_end(struct cluster *c, size_t index, int wait_status)
{
	struct test_result *result = &c->results[index];

	if (result->outcome == TEST_NOT_RUN)
		test_result_lost(result, wait_status);
	if (c->runs[index].aside)
		take_end_aside(c, &c->runs[index], result);
	else
		take_end_of_test(c);
}

static void take_late(struct cluster *c)
{
	for (size_t i = 0; i < c->members.count; i++)
		if (c->members.pids[i])
			log_warning("the machine '%s' did not power off within %d seconds, and is ended", c->runs[i].machine, POWEROFF_SECONDS);
	members_send(&c->members, SIGTERM);
}

static void look_after(struct cluster *c)
{
	int wait_status;
	size_t index;

	for (size_t i = 0; i < c->members.count && !c->stopping; i++)
		if (members_start(&c->members, i, member, c, &c->why) < 0)
			stop(c, SIGTERM);
	while (c->members.running > 0) {
		switch (members_wait(&c->members, &index, &wait_status)) {
		case MEMBERS_ENDED:
			take_end(c, index, wait_status);
			break;
		case MEMBERS_SIGNAL:
			stop(c, SIGTERM);
			break;
		case MEMBERS_LATE:
			take_late(c);
		}
	}
}

/* What has its result keeps it. */
static void set_broken(struct cluster *c, size_t count)
{
	for (size_t i = 0; c->why.message[0] && i < count; i++) {
		struct test_result *result = &c->results[i];

		if (!c->runs[i].aside && (result->outcome == TEST_NOT_RUN || result->outcome == TEST_INTERRUPTED))
			test_result_broken(result, c->why.message);
	}
}

void test_cluster_run(const struct test_run *runs, size_t count, const char *who, struct test_result *results)
{
	struct cluster c = { .runs = runs, .results = results, .who = who };
	struct arena arena = { 0 };

	for (size_t i = 0; i < count; i++)
		c.tests += !runs[i].aside;
	if (lan_open(&c.lan, count, &c.why) == 0) {
		members_open(&c.members, count, &arena);
		look_after(&c);
		members_close(&c.members);
	}
	lan_close(&c.lan);
	set_broken(&c, count);
	arena_release(&arena);
}
