#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman of an ordinary user in a machine with cgroup v2 alone, where the user has a cgroup and containers have limits: the operations
# of tests/conformance/podman-rootless.sh, there.
set -u
. "$TOP/tests/qemu/lib-debian.sh"

mkdir -p "$TEST_TMP/job/tests/conformance"
cp "$TOP/tests/lib.sh" "$TEST_TMP/job/tests/"
cp "$TOP/tests/conformance/podman-rootless.sh" "$TOP/tests/conformance/lib-clients.sh" "$TEST_TMP/job/tests/conformance/"
cat > "$TEST_TMP/job/guest.sh" <<-'END'
	export TOP=/job RUNTIME=/usr/bin/slipway-runtime
	exec bash /job/tests/conformance/podman-rootless.sh > /job/results/log 2>&1
END
check "the image builds" debian_image rootless
debian_run rootless "$TEST_TMP/job" "$TEST_TMP/results" --timeout 3000
same "the machine ends in order" 0 $?
cat "$TEST_TMP/results/log" "$TEST_TMP/results.log"
failures=$((failures + $(grep -cs '^not ok ' "$TEST_TMP/results/log" || true)))
check "limits were tried" grep -q '^ok rootless: limits: memory$' "$TEST_TMP/results/log"
finish
