/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/state.h"

#include "oci/json.h"

#define OF_SPECIFICATION \
	JSON_ROW("ociVersion", struct oci_state, oci_version, JSON_REQUIRED), \
	JSON_ROW("id", struct oci_state, id, JSON_REQUIRED)

static const struct json_field hook_fields[] = {
	OF_SPECIFICATION,
	JSON_ROW("status", struct oci_state, status, JSON_REQUIRED),
	JSON_ROW("pid", struct oci_state, pid, 0),
	JSON_ROW("bundle", struct oci_state, bundle, JSON_REQUIRED),
	JSON_ROW("annotations", struct oci_state, annotations, 0),
};

/* The order is that of runc. */
static const struct json_field user_fields[] = {
	OF_SPECIFICATION,
	JSON_ROW("pid", struct oci_state, pid, JSON_ALWAYS),
	JSON_ROW("status", struct oci_state, status, JSON_REQUIRED),
	JSON_ROW("bundle", struct oci_state, bundle, JSON_REQUIRED),
	JSON_ROW("rootfs", struct oci_state, rootfs, JSON_REQUIRED),
	JSON_ROW("created", struct oci_state, created, JSON_REQUIRED),
	JSON_ROW("annotations", struct oci_state, annotations, 0),
	JSON_ROW("owner", struct oci_state, owner, JSON_ALWAYS),
};
static const struct json_type user_type = JSON_TYPE(struct oci_state, user_fields);

static const struct json_field file_fields[] = {
	OF_SPECIFICATION,
	JSON_ROW("pid", struct oci_state, pid, JSON_ALWAYS),
	JSON_ROW("status", struct oci_state, status, JSON_REQUIRED),
	JSON_ROW("bundle", struct oci_state, bundle, JSON_REQUIRED),
	JSON_ROW("rootfs", struct oci_state, rootfs, JSON_REQUIRED),
	JSON_ROW("created", struct oci_state, created, JSON_REQUIRED),
	JSON_ROW("annotations", struct oci_state, annotations, 0),
	JSON_ROW("owner", struct oci_state, owner, 0),
	JSON_ROW("init_process_start", struct oci_state, start_time, JSON_ALWAYS),
	JSON_ROW("cgroup_paths", struct oci_state, cgroup_paths, 0),
};

static const struct json_type forms[] = {
	[OCI_STATE_FOR_HOOKS] = JSON_TYPE(struct oci_state, hook_fields),
	[OCI_STATE_FOR_USERS] = JSON_TYPE(struct oci_state, user_fields),
	[OCI_STATE_FOR_FILE] = JSON_TYPE(struct oci_state, file_fields),
};

static const struct json_field process_fields[] = {
	JSON_ROW("ociVersion", struct oci_process_state, oci_version, JSON_REQUIRED),
	JSON_ROW("fds", struct oci_process_state, fds, 0),
	JSON_ROW("pid", struct oci_process_state, pid, JSON_ALWAYS),
	JSON_ROW("metadata", struct oci_process_state, metadata, 0),
	JSON_ROW_OBJECT("state", struct oci_process_state, state, &forms[OCI_STATE_FOR_HOOKS], JSON_ALWAYS),
};
static const struct json_type process_type = JSON_TYPE(struct oci_process_state, process_fields);

int oci_process_state_write(const struct oci_process_state *state, struct buffer *out, struct error *err)
{
	static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &process_type };

	return json_write(&document, state, false, out, err);
}

int oci_state_parse(const char *json, size_t length, struct arena *arena, struct oci_state *state,
		    struct error *err)
{
	static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &forms[OCI_STATE_FOR_FILE] };

	return json_read(json, length, OCI_STATE_BYTES_MAX, &document, arena, state, err);
}

int oci_state_write(const struct oci_state *state, enum oci_state_form form, struct buffer *out, struct error *err)
{
	const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &forms[form] };

	return json_write(&document, state, form == OCI_STATE_FOR_USERS, out, err);
}

int oci_states_write(const struct oci_states *states, struct buffer *out, struct error *err)
{
	static const struct json_field document =
		JSON_ROW_ARRAY(NULL, struct oci_states, items, count, &user_type, JSON_ALWAYS);

	return json_write(&document, states, false, out, err);
}
