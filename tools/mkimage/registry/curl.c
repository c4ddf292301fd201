/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/curl.h"

#include <dlfcn.h>
#include <pthread.h>

#include "base/cleanup.h"

/* The name of its interface, which has been this since 2006. */
#define LIBRARY "libcurl.so.4"

struct curl_functions curl;

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define CURL_ROW(name) { "curl_" #name, offsetof(struct curl_functions, name) },
	CURL_FUNCTIONS(CURL_ROW)
#undef CURL_ROW
};

static char problem[ERROR_MESSAGE_MAX / 2];

static void load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < ARRAY_SIZE(functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			library = NULL;
		*(void **)(void *)((char *)&curl + functions[i].offset) = function;
	}
	if (!library)
		(void)snprintf(problem, sizeof(problem), "%s", dlerror());
	else if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		(void)snprintf(problem, sizeof(problem), "it does not start");
}

int curl_load(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, load);
	return *problem ? error_set(err, "cannot load libcurl, which speaks to registries: %s; install Debian's libcurl4", problem) : 0;
}
