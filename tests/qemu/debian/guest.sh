#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the machine of lib-debian.sh runs: takes the work from the second disk, does it, and leaves the results on the third.
set -u
# The machine's own /dev has devices alone; a container's has these links, too, and this one sees the machine's.
ln -s /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"; done
mkdir -p /work
mount -t tmpfs -o mode=755 work /work || exit 1
tar -xf /dev/vdb -C /work || exit 1
mkdir -p /work/results /work/tmp
cd /work || exit 1
TEST_TMP=/work/tmp bash /work/guest.sh
status=$?
tar -C /work/results -cf /dev/vdc . || exit 1
exit $status
