/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as a test: `slipway test` puts PLAN_TEST_WORD on the kernel's command line. Then one service of the plan is run
 * once, its output goes to the host and not to the log, and when it has ended the host gets its artifacts and its status, and the
 * machine powers off with it. A process of its own (test_process.c) does what may block: control/test.h is what it says.
 */
#ifndef INIT_TEST_H
#define INIT_TEST_H

#include "init/init.h"
#include "init/service.h"

/* A boot stage, once the plan is read: finds the service, and has it neither restart nor end the machine by itself. */
int test_prepare(struct machine *machine, struct error *err);

/* A boot stage, once processes can be made: the one that speaks to the host. */
int test_open(struct machine *machine, struct error *err);

/* Where the service writes; -1 where it is not the test's. */
int test_output(const struct machine *machine, const struct service *service);

/* Where its mount namespace goes: container_enter_options.mounts_to. -1 likewise. */
int test_mounts(const struct machine *machine, const struct service *service);

/* Looks whether the test has ended. Called after every event, before sequence_advance(). */
void test_advance(struct machine *machine);

/* ------------------------------------------------------------ for the process */

struct test_ends {
	int output;			/* to be read: what the service writes */
	int mounts;			/* its mount namespace comes here */
	int order;			/* one byte, its status: it has ended */
};

/* test_process.c */
void test_process(const struct machine *machine, const struct test_ends *ends) __attribute__((noreturn));

#endif
