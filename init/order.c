/* SPDX-License-Identifier: Apache-2.0 */
#include "init/order.h"

#include <string.h>

static const struct service *find(const struct service *services, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (services[i].plan->stage == PLAN_SERVICES && strcmp(services[i].plan->name, name) == 0)
			return &services[i];
	/* No service, and not started: network.c says when it is ready. */
	return strcmp(name, PLAN_NETWORK_NAME) == 0 ? &services[count] : NULL;
}

static int add_needs(const struct service *services, size_t count, const struct plan_strings *names, bool required,
		     struct service_need *needs, size_t *needs_count, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct service *on = find(services, count, names->items[i]);

		if (!on)
			return error_set(err, "field '%s': no service is named '%s'", required ? "requires" : "after",
					 names->items[i]);
		needs[(*needs_count)++] = (struct service_need){ on, required };
	}
	return 0;
}

int order_open(struct service *services, size_t count, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_container *plan = services[i].plan;
		struct service_need *needs;
		size_t n = 0;

		if (plan->after.count + plan->requires.count == 0)
			continue;
		needs = arena_array(arena, plan->after.count + plan->requires.count, sizeof(*needs));
		if (add_needs(services, count, &plan->after, false, needs, &n, err) < 0 ||
		    add_needs(services, count, &plan->requires, true, needs, &n, err) < 0)
			return error_context(err, "container '%s'", plan->name);
		services[i].needs = needs;
		services[i].needs_count = n;
	}
	return 0;
}

bool order_may_start(const struct service *service)
{
	for (size_t i = 0; i < service->needs_count; i++) {
		const struct service_need *need = &service->needs[i];

		if (need->on->state != SERVICE_READY && need->on->state != SERVICE_DONE &&
		    (need->required || need->on->state != SERVICE_FAILED))
			return false;
	}
	return true;
}

static bool requirement_failed(const struct service *service)
{
	for (size_t i = 0; i < service->needs_count; i++)
		if (service->needs[i].required &&
		    (service->needs[i].on->state == SERVICE_FAILED || service->needs[i].on->forsaken))
			return true;
	return false;
}

static bool is_over(const struct service *service)
{
	return service->state == SERVICE_DONE || service->state == SERVICE_FAILED;
}

/* From those that failed along the chains of requirements. True where there are any. */
static bool mark_forsaken(struct service *services, size_t count)
{
	bool any = false, more;

	do {
		more = false;
		for (size_t i = 0; i < count; i++) {
			if (is_over(&services[i]))
				continue;
			if (!services[i].forsaken && requirement_failed(&services[i]))
				services[i].forsaken = more = true;
			any = any || services[i].forsaken;
		}
	} while (more);
	return any;
}

/* A service is held by those that need it and still do something. */
static void mark_held(struct service *services, size_t count, bool only_required)
{
	for (size_t i = 0; i < count; i++)
		services[i].held = false;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < services[i].needs_count && !service_at_rest(&services[i]); k++)
			if (services[i].needs[k].required || !only_required)
				services[services[i].needs[k].on - services].held = true;
}

/* True where one of them has failed by that at once: others may have waited for it. */
static bool forsake(struct service *services, size_t count)
{
	bool changed = false;

	if (!mark_forsaken(services, count))
		return false;
	mark_held(services, count, true);
	for (size_t i = 0; i < count; i++) {
		if (!services[i].forsaken || services[i].held || is_over(&services[i]))
			continue;
		service_event(&services[i], SERVICE_FORSAKE);
		changed = changed || is_over(&services[i]);
	}
	return changed;
}

void order_start(struct service *services, size_t count)
{
	bool changed;

	/* What fails at once tells nobody later on: so again, while something changes. */
	do {
		changed = false;
		for (size_t i = 0; i < count; i++) {
			if (services[i].plan->stage != PLAN_SERVICES || services[i].state != SERVICE_WAITING ||
			    plan_is_scheduled(services[i].plan) || !order_may_start(&services[i]))
				continue;
			service_event(&services[i], SERVICE_START);
			changed = true;
		}
		changed = forsake(services, count) || changed;
	} while (changed);
}

static bool does_its_work(const struct service *s)
{
	switch (s->state) {
	case SERVICE_READY:
		return s->health != HEALTH_BAD;
	case SERVICE_DONE:
		return s->exit_status == 0;
	default:
		return plan_is_scheduled(s->plan) && s->state != SERVICE_FAILED;
	}
}

bool order_all_ready(const struct service *services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (services[i].plan->stage == PLAN_SERVICES && !does_its_work(&services[i]))
			return false;
	return true;
}

static bool is_settled(const struct service *s)
{
	return s->state == SERVICE_READY || is_over(s) || plan_is_scheduled(s->plan);
}

bool order_settled(const struct service *services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (services[i].plan->stage == PLAN_SERVICES && !is_settled(&services[i]))
			return false;
	return true;
}

void order_stop(struct service *services, size_t count)
{
	bool changed;

	do {
		changed = false;
		mark_held(services, count, false);
		for (size_t i = count; i-- > 0;) {
			if (services[i].held || is_over(&services[i]))
				continue;
			service_event(&services[i], SERVICE_STOP);
			changed = changed || is_over(&services[i]);
		}
	} while (changed);
}
