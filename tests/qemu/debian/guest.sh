#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the machine of lib-debian.sh runs: takes the work from the second disk, does it, and leaves the results on the third.
set -u
# The machine's own /dev has devices alone; a container's has these links, too, and this one sees the machine's.
ln -s /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"; done
mkdir -p /job
mount -t tmpfs -o mode=755 work /job || exit 1
tar -xf /dev/vdb -C /job || exit 1
mkdir -p /job/results /job/tmp
cd /job || exit 1
TEST_TMP=/job/tmp bash /job/guest.sh
status=$?
tar -C /job/results -cf /dev/vdc . || exit 1
exit $status
