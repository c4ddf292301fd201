#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/prerequisites.sh --check: says what is missing and how to install it, and installs nothing.
. "$TOP/tests/lib.sh"
need dpkg-query apt-get

mkdir "$TEST_TMP/tools"
cp "$TOP/tools/prerequisites.sh" "$TEST_TMP/tools/"
cat >"$TEST_TMP/tools/prerequisites.txt" <<'TABLE'
# GROUP PACKAGE WHY
build   dpkg                           is everywhere
build   no-such-package-a|dpkg         one of two
test    no-such-package-a|no-such-b    tests something
TABLE
script=$TEST_TMP/tools/prerequisites.sh

check "what is there is fine" "$script" --check build
check_fails "what is missing is an error" "$script" --check build test
out=$("$script" --check test 2>&1)
case $out in *no-such-package-a*"tests something"*) ok "it is named, with the reason" ;; *) not_ok "it is named, with the reason" "$out" ;; esac
case $out in *"apt-get install --no-install-recommends no-such-package-a"*) ok "the command is printed" ;; *) not_ok "the command is printed" "$out" ;; esac
check_fails "an unknown group is an error" "$script" --check nonsense
check "the table of the project parses" "$TOP/tools/prerequisites.sh" --help
finish
