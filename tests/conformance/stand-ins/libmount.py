# SPDX-License-Identifier: Apache-2.0
# What crun's tests use of libmount's own module for Python, which Debian 12 does not have: a table of mounts in the form of
# /proc/self/mountinfo (proc_pid_mountinfo(5)).


class Mount:
    def __init__(self, line):
        own, filesystem = line.split(" - ", 1)
        fields = own.split()
        self.target, self.vfs_options = fields[4], fields[5]
        self.fs_options = filesystem.split(None, 2)[2]


class Table:
    def __init__(self, path):
        with open(path) as lines:
            self.mounts = [Mount(line.rstrip("\n")) for line in lines if " - " in line]

    # The last one is on top.
    def find_target(self, target):
        return next((mount for mount in reversed(self.mounts) if mount.target == target), None)
