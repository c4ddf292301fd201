/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/distribution.h"

#include <string.h>

#include "oci/json.h"

/* What the document does not say is zero. */
static int read_document(const char *json, size_t length, size_t max, const struct json_field *document,
			 struct arena *arena, void *value, struct error *err)
{
	memset(value, 0, document->type->size);
	return json_read(json, length, max, document, arena, value, err);
}

static const struct json_field token_fields[] = {
	JSON_ROW("token", struct distribution_token, token, 0),
	JSON_ROW("access_token", struct distribution_token, access_token, 0),
	JSON_ROW("expires_in", struct distribution_token, expires_in, 0),
};
static const struct json_type token_type = JSON_TYPE(struct distribution_token, token_fields);
static const struct json_field token_document = { .kind = JSON_KIND_OBJECT, .type = &token_type };

int distribution_token_parse(const char *json, size_t length, struct arena *arena, struct distribution_token *token,
			     struct error *err)
{
	return read_document(json, length, DISTRIBUTION_TOKEN_BYTES_MAX, &token_document, arena, token, err);
}

struct fault {
	const char *code, *message;
};

struct faults {
	struct fault *items;
	size_t count;
};

static const struct json_field fault_fields[] = {
	JSON_ROW("code", struct fault, code, 0),
	JSON_ROW("message", struct fault, message, 0),
};
static const struct json_type fault_type = JSON_TYPE(struct fault, fault_fields);
static const struct json_field faults_fields[] = {
	JSON_ROW_ARRAY("errors", struct faults, items, count, &fault_type, JSON_REQUIRED),
};
static const struct json_type faults_type = JSON_TYPE(struct faults, faults_fields);
static const struct json_field faults_document = { .kind = JSON_KIND_OBJECT, .type = &faults_type };

const char *distribution_error_parse(const char *json, size_t length, struct arena *arena)
{
	struct faults faults;

	if (length == 0 ||
	    read_document(json, length, DISTRIBUTION_ERROR_BYTES_MAX, &faults_document, arena, &faults, NULL) < 0 ||
	    faults.count == 0 || !faults.items[0].code)
		return NULL;
	return arena_printf(arena, "%.64s%s%.200s", faults.items[0].code, faults.items[0].message ? ": " : "",
			    faults.items[0].message ? faults.items[0].message : "");
}

static const struct json_field tags_fields[] = {
	JSON_ROW("name", struct distribution_tags, name, 0),
	JSON_ROW("tags", struct distribution_tags, tags, 0),
};
static const struct json_type tags_type = JSON_TYPE(struct distribution_tags, tags_fields);
static const struct json_field tags_document = { .kind = JSON_KIND_OBJECT, .type = &tags_type };

int distribution_tags_parse(const char *json, size_t length, struct arena *arena, struct distribution_tags *tags,
			    struct error *err)
{
	return read_document(json, length, OCI_DOCUMENT_BYTES_MAX, &tags_document, arena, tags, err);
}

static const struct json_field login_fields[] = {
	JSON_ROW("auth", struct distribution_login, auth, 0),
	JSON_ROW("identitytoken", struct distribution_login, identity_token, 0),
};
static const struct json_type login_type = JSON_TYPE(struct distribution_login, login_fields);
static const struct json_field auth_file_fields[] = {
	JSON_ROW_MAP("auths", struct distribution_auth_file, logins, logins_count, &login_type),
	JSON_ROW("credHelpers", struct distribution_auth_file, helpers, 0),
	JSON_ROW("credsStore", struct distribution_auth_file, store, 0),
};
static const struct json_type auth_file_type = JSON_TYPE(struct distribution_auth_file, auth_file_fields);
static const struct json_field auth_file_document = { .kind = JSON_KIND_OBJECT, .type = &auth_file_type };

int distribution_auth_file_parse(const char *json, size_t length, struct arena *arena,
				 struct distribution_auth_file *file, struct error *err)
{
	return read_document(json, length, DISTRIBUTION_AUTH_FILE_BYTES_MAX, &auth_file_document, arena, file, err);
}

static const struct json_field helper_fields[] = {
	JSON_ROW("Username", struct distribution_helper_answer, username, JSON_REQUIRED),
	JSON_ROW("Secret", struct distribution_helper_answer, secret, JSON_REQUIRED),
};
static const struct json_type helper_type = JSON_TYPE(struct distribution_helper_answer, helper_fields);
static const struct json_field helper_document = { .kind = JSON_KIND_OBJECT, .type = &helper_type };

int distribution_helper_parse(const char *json, size_t length, struct arena *arena,
			      struct distribution_helper_answer *answer, struct error *err)
{
	return read_document(json, length, DISTRIBUTION_TOKEN_BYTES_MAX, &helper_document, arena, answer, err);
}
