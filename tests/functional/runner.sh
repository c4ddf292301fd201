#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/run.sh must not call a broken test a success.
. "$TOP/tests/lib.sh"

runner=$TOP/tests/run.sh
# result NAME LAST-LINE STATUS SCRIPT: the runner's last line and status for a test that is SCRIPT.
result()
{
	local status=0 out
	printf '%s\n' "$4" >"$TEST_TMP/t.sh"
	out=$(BUILD=$TEST_TMP ONLY='' TEST_TIMEOUT=${5:-20} "$runner" kind: "$TEST_TMP/t.sh" 2>&1) || status=1
	same "$1" "$2 / $3" "$(tail -n 1 <<<"$out") / $status"
}

result "exit status 0 is one test"              "1 passed, 0 failed" 0 "exit 0"
result "any other status is a failure"          "0 passed, 1 failed" 1 "exit 3"
result "a crash is a failure"                   "0 passed, 1 failed" 1 'kill -SEGV $$'
result "lines are counted"                      "2 passed, 0 failed" 0 'echo ok a; echo ok b'
result "a failing line counts, whatever status" "1 passed, 1 failed" 1 'echo ok a; echo not ok b; exit 0'
result "a status counts, whatever lines"        "1 passed, 1 failed" 1 'echo ok a; exit 1'
result "an unfinished plan fails"               "1 passed, 2 failed" 1 'echo 1..3; echo ok a; exit 0'
result "77 skips"                               "0 passed, 0 failed, 1 skipped" 0 'echo no kernel; exit 77'
result "77 does not hide a failure"             "0 passed, 1 failed" 1 'echo not ok a; exit 77'
result "SKIP lines"                             "1 passed, 0 failed, 1 skipped" 0 'echo ok a; echo "ok b # SKIP none"'
result "a test that hangs is ended"             "0 passed, 1 failed" 1 'sleep 30' 1
result "okay is not ok"                         "1 passed, 0 failed" 0 'echo okay; echo oksomething'
result "an environment to work in"              "1 passed, 0 failed" 0 '[ -d "$TEST_TMP" ] && [ -n "$SLIPWAY" ] && [ -n "$RUNTIME" ] && [ "$SLIPWAY_STORE" = "$TEST_TMP/store" ]'
same "no test is no success" "0 passed, 1 failed" "$(BUILD=$TEST_TMP ONLY='' "$runner" kind: 2>&1 | tail -n 1)"
finish
