/* SPDX-License-Identifier: Apache-2.0 */
/* `test:`: which service is meant, and that there is one. */
#include "tools/mkimage/manifest/check.h"

#include <string.h>

#include "tools/mkimage/manifest/node.h"

const struct manifest_container *manifest_test_service(const struct manifest *manifest, const char *name)
{
	const struct manifest_containers *services = &manifest->services;
	const struct manifest_container *only = NULL;

	for (size_t i = 0; i < services->count; i++) {
		const struct manifest_container *c = &services->items[i];
		bool added = manifest->network.dhcp_added && strcmp(c->name.value, MANIFEST_DHCP_SERVICE) == 0;

		if (name && strcmp(c->name.value, name) == 0)
			return c;
		if (name || added)
			continue;
		if (only)
			return NULL;
		only = c;
	}
	return only;
}

int check_test(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_test *test = &manifest->test;
	const struct manifest_string *name = &test->service;
	const struct manifest_container *service;

	if (!test->set)
		return 0;
	service = manifest_test_service(manifest, name->value);
	if (!service && name->value)
		return check_fail(checker, &name->at, "test", "service", "no service is named '%s'; give the name of one below 'services:'",
				  text_shown(name->value, checker->arena));
	if (!service)
		return check_fail(checker, &test->at, "test", "", "there %s; say which one is the test with 'service: NAME'",
				  manifest->services.count ? "is more than one service" : "is no service");
	if (service->schedule.set)
		return check_fail(checker, name->value ? &name->at : &test->at, "test", "service",
				  "'%s' has a schedule, and a test runs once; remove its 'schedule'",
				  text_shown(service->name.value, checker->arena));
	if (test->artifacts.count > MANIFEST_ARTIFACTS_MAX)
		return check_fail(checker, &test->artifacts.at, "test", "artifacts", "%zu paths; at most %d are allowed; name directories",
				  test->artifacts.count, MANIFEST_ARTIFACTS_MAX);
	return 0;
}
