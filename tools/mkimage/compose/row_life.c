/* SPDX-License-Identifier: Apache-2.0 */
/* How a service lives: what it waits for, its health, its restarts, and what it may use. */
#include "tools/mkimage/compose/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static int read_dependency(struct importer *importer, const struct node *key, const struct node *value,
			   struct compose_service *service)
{
	static const char *const conditions[] = {
		[COMPOSE_STARTED] = "service_started", [COMPOSE_HEALTHY] = "service_healthy",
		[COMPOSE_COMPLETED] = "service_completed_successfully",
	};
	const struct node *condition = value && value->kind == NODE_MAP ? node_find(value, "condition") : NULL;
	const struct node *required = value && value->kind == NODE_MAP ? node_find(value, "required") : NULL;
	struct compose_dependency *dependency =
		arena_push(importer->arena, &service->dependencies, &service->dependencies_count, sizeof(*dependency));
	const char *text = condition ? node_text(importer, condition) : conditions[COMPOSE_STARTED];
	size_t i = 0;

	*dependency = (struct compose_dependency){ .at = key->at, .service = key->value, .required = true };
	if (!text || (required && node_flag(importer, required, &dependency->required) < 0))
		return -1;
	while (i < ARRAY_SIZE(conditions) && strcmp(conditions[i], text) != 0)
		i++;
	if (i == ARRAY_SIZE(conditions))
		return place_error(&condition->at, importer->err, "expected 'service_started', 'service_healthy' or "
				   "'service_completed_successfully', got '%s'", text_shown(text, importer->arena));
	dependency->condition = (enum compose_condition)i;
	return 0;
}

int row_depends_on(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node->kind != NODE_MAP && node_expect(importer, node, NODE_LIST, "a list or a mapping of services") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->kind == NODE_MAP ? node->pairs[i].key : node->items[i];

		if (!node_text(importer, key) ||
		    read_dependency(importer, key, node->kind == NODE_MAP ? node->pairs[i].value : NULL, target) < 0)
			return -1;
	}
	return 0;
}

/* [CMD, program, ...], [CMD-SHELL, line], [NONE], or a line for the shell. */
static int read_test(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_service *service = target;
	struct compose_list test = { 0 };
	const bool list = node->kind == NODE_LIST;

	if (row_list(importer, node, row, &test) < 0)
		return -1;
	if (test.count == 0 || (list && strcmp(test.items[0], "NONE") == 0))
		return 0;
	service->health.set = true;
	if (list && strcmp(test.items[0], "CMD") == 0) {
		for (size_t i = 1; i < test.count; i++)
			list_add(importer, &service->health, test.items[i]);
		return 0;
	}
	if (list && strcmp(test.items[0], "CMD-SHELL") != 0)
		return place_error(&node->at, importer->err, "expected 'CMD', 'CMD-SHELL' or 'NONE' as the first element, got '%s'",
				   text_shown(test.items[0], importer->arena));
	list_add(importer, &service->health, "/bin/sh");
	list_add(importer, &service->health, "-c");
	list_add(importer, &service->health, test.items[list && test.count > 1]);
	return 0;
}

int row_healthcheck(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "test", read_test, 0, NULL },
		{ "interval", row_duration, SERVICE(interval), NULL },
		{ "timeout", row_duration, SERVICE(timeout), NULL },
		{ "retries", row_text, SERVICE(retries), NULL },
		{ "start_period", row_duration, SERVICE(start_period), NULL },
		{ "start_interval", NULL, 0, "checks have one interval" },
		{ "disable", NULL, 0, NULL },
	};
	struct compose_service *service = target;
	const struct node *disable = node->kind == NODE_MAP ? node_find(node, "disable") : NULL;
	bool disabled = false;

	(void)row;
	if ((disable && node_flag(importer, disable, &disabled) < 0))
		return -1;
	if (disabled)
		return 0;
	if (rows_read(importer, node, rows, ARRAY_SIZE(rows), service) < 0)
		return -1;
	service->health_image = !node_find(node, "test");
	return 0;
}

int row_restart(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = node->kind == NODE_BOOL ? "no" : node_text(importer, node);

	(void)row;
	if (!text)
		return -1;
	if (strcmp(text, "no") == 0)
		*(const char **)target = "never";
	else if (strcmp(text, "always") == 0 || strcmp(text, "unless-stopped") == 0)
		*(const char **)target = "always";
	else if (strcmp(text, "on-failure") == 0)
		*(const char **)target = "on-failure";
	else if (strncmp(text, "on-failure:", 11) == 0 && row_is_number(text + 11))
		*(const char **)target = text + 11;
	else
		return place_error(&node->at, importer->err, "expected 'no', 'always', 'unless-stopped' or 'on-failure', got '%s'",
				   text_shown(text, importer->arena));
	return 0;
}

/* Docker's scale, 2 to 262144, as cgroup v2's, 1 to 10000: the formula of runtimes. */
int row_cpu_shares(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = node_text(importer, node);
	long shares = text ? atol(text) : 0;

	(void)row;
	if (!text)
		return -1;
	if (shares < 2 || shares > 262144)
		return place_error(&node->at, importer->err, "expected a number from 2 to 262144, got '%s'", text_shown(text, importer->arena));
	*(const char **)target = arena_printf(importer->arena, "%ld", 1 + (shares - 2) * 9999 / 262142);
	return 0;
}

/* ------------------------------------------------------------ deploy */

static int read_limits(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "cpus", row_limit, SERVICE(cpu), NULL }, { "memory", row_size, SERVICE(memory), NULL },
		{ "pids", row_limit, SERVICE(pids), NULL },
	};

	(void)row;
	return rows_read(importer, node, rows, ARRAY_SIZE(rows), target);
}

static int read_reservations(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "memory", row_size, SERVICE(memory_low), NULL },
		{ "cpus", NULL, 0, "processors cannot be set aside; see 'cpu_weight'" },
		{ "devices", NULL, 0, "see 'devices'" }, { "generic_resources", NULL, 0, "there is no cluster" },
	};

	(void)row;
	return rows_read(importer, node, rows, ARRAY_SIZE(rows), target);
}

static int read_resources(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "limits", read_limits, 0, NULL }, { "reservations", read_reservations, 0, NULL },
	};

	(void)row;
	return rows_read(importer, node, rows, ARRAY_SIZE(rows), target);
}

static int read_condition(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = node_text(importer, node);

	(void)row;
	if (!text)
		return -1;
	*(const char **)target = strcmp(text, "none") == 0 ? "never" : strcmp(text, "any") == 0 ? "always" : text;
	return 0;
}

static int read_restart_policy(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "condition", read_condition, SERVICE(restart), NULL }, { "delay", row_duration, SERVICE(restart_delay), NULL },
		{ "max_attempts", NULL, 0, NULL }, { "window", row_duration, SERVICE(restart_reset), NULL },
	};
	struct compose_service *service = target;
	const struct node *attempts = node->kind == NODE_MAP ? node_find(node, "max_attempts") : NULL;

	(void)row;
	service->restart = "always";
	if (rows_read(importer, node, rows, ARRAY_SIZE(rows), target) < 0)
		return -1;
	return attempts && strcmp(service->restart, "never") != 0 ? row_text(importer, attempts, row, &service->restart) : 0;
}

int row_replicas(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	(void)target;
	if (node->kind != NODE_INT || atoll(node->value) != 1)
		importer_note(importer, node, "a service of a machine runs once");
	return 0;
}

int row_deploy(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	static const struct row rows[] = {
		{ "resources", read_resources, 0, NULL }, { "restart_policy", read_restart_policy, 0, NULL },
		{ "replicas", row_replicas, 0, NULL }, { "labels", NULL, 0, NULL }, { "mode", NULL, 0, "there is no cluster" },
		{ "placement", NULL, 0, "there is no cluster" }, { "update_config", NULL, 0, "there is no cluster" },
		{ "rollback_config", NULL, 0, "there is no cluster" }, { "endpoint_mode", NULL, 0, "there is no cluster" },
	};

	(void)row;
	return rows_read(importer, node, rows, ARRAY_SIZE(rows), target);
}
