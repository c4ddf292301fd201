/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when it is needed first: it and the thirty libraries that it stands on would take most of the time of each start of
 * a program that seldom speaks to a registry (bench/build.sh, "no change"). Its functions are those of <curl/curl.h>, without "curl_".
 */
#ifndef MKIMAGE_REGISTRY_CURL_H
#define MKIMAGE_REGISTRY_CURL_H

#include <curl/curl.h>

#include "base/error.h"

/* They check types where they are macros; as macros they could not be members. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define CURL_FUNCTIONS(F)                                                                                    \
	F(easy_cleanup) F(easy_escape) F(easy_getinfo) F(easy_init) F(easy_setopt) F(easy_strerror) F(free) F(getdate) \
	F(global_init) F(multi_add_handle) F(multi_cleanup) F(multi_info_read) F(multi_init) F(multi_perform) \
	F(multi_poll) F(multi_remove_handle) F(slist_append) F(slist_free_all)

struct curl_functions {
#define CURL_MEMBER(name) __typeof__(&curl_##name) name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

extern struct curl_functions curl;	/* nothing before curl_load() */

/* May be called again, and by several threads at once. */
int curl_load(struct error *err);

#endif
