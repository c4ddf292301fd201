#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What can be said about the text of the tree without compiling it. One line a rule; what breaks it is listed as FILE:LINE.
cd "${TOP:-$(dirname "$0")/../..}" || exit 1
TOP=$PWD
. tests/lib.sh
set -u

# Every file that is, or could be, committed.
if git rev-parse --show-toplevel >/dev/null 2>&1; then
	mapfile -t files < <(git ls-files --cached --others --exclude-standard | sort -u)
else
	mapfile -t files < <(find . -path ./build -prune -o -path ./.git -prune -o -type f -printf '%P\n' | sort)
fi
existing=()
for f in "${files[@]}"; do [ ! -f "$f" ] || existing+=("$f"); done
# named REGEX: those files whose name matches.
named() { printf '%s\n' "${existing[@]}" | grep -E "$1"; }

mapfile -t c_files < <(named '\.[ch]$')
mapfile -t scripts < <(named '\.sh$|^\.ci/run$')
mapfile -t text_files < <(named '\.([ch]|sh|md|txt|yml|[1-8])$|^Makefile|^\.ci/run$' | grep -v '^tests/data/\|^tests/fuzz/corpus/')

# rule NAME: reads complaints; none is a pass.
rule()
{
	local complaints
	complaints=$(cat)
	if [ -z "$complaints" ]; then ok "$1"; return; fi
	not_ok "$1"
	printf '%s\n' "$complaints"
}

# Who includes whom: the row of a file is the longest directory of the table that it is in.
layers()
{
	awk '
		FILENAME == ARGV[1] {
			sub(/#.*/, "")
			if (!/:/) next
			colon = index($0, ":"); dir = substr($0, 1, colon - 1); rows[dir] = " " substr($0, colon + 1) " "
			next
		}
		function row(path) {
			while (sub(/\/[^\/]*$/, "", path))
				if (path in rows) return path
			return ""
		}
		FNR == 1 { own = row(FILENAME); test = FILENAME ~ /^(tests|bench)\// }
		FNR == 1 && own == "" && !test { print FILENAME ": its directory has no row in tests/lint/layers.txt" }
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			split($0, part, "\""); name = part[2]
			if (name !~ /\// ) { print FILENAME ":" FNR ": \"" name "\" is not rooted at the top of the tree"; next }
			if ((getline line < name) < 0) { print FILENAME ":" FNR ": \"" name "\" does not exist"; next }
			close(name)
			if (test) next
			other = row(name)
			if (own != "" && other != own && !index(rows[own], " " other " "))
				print FILENAME ":" FNR ": " own " may not include " (other == "" ? name : other)
		}' tests/lint/layers.txt "${c_files[@]}"
}

# A .c file with a header begins with it, or with another of ours: so it is seen that headers stand alone.
own_header_first()
{
	local f first
	for f in "${c_files[@]}"; do
		[[ $f == *.c && -e ${f%.c}.h ]] || continue
		first=$(grep -m 1 -n '^#include' "$f")
		[[ $first == *'"'* ]] || echo "$f:${first%%:*}: its own header does not come first"
	done
}

spdx()
{
	local f
	while read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f:1: no SPDX line"
	done < <(named '\.([ch]|sh)$|^Makefile|^\.ci/run$')
}

long_files() { wc -l "${c_files[@]}" "${scripts[@]}" | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines, more than 600" }'; }

trailing() { grep -nE '[[:space:]]+$' "${text_files[@]}" | sed -E 's/^([^:]*:[0-9]+):.*/\1: white space at the end/'; }

# Tabs indent; spaces align behind them, and the star of a comment.
indentation()
{
	grep -nP '^\t* +\t' "${c_files[@]}" | sed -E 's/^([^:]*:[0-9]+):.*/\1: a tab after a space/'
	grep -nP '^ {4,}' "${c_files[@]}" | sed -E 's/^([^:]*:[0-9]+):.*/\1: indented by spaces/'
}

last_line()
{
	local f
	for f in "${text_files[@]}"; do
		[ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at the end"
	done
}

syntax()
{
	local f shell
	for f in "${scripts[@]}"; do
		shell=bash
		[[ $(head -n 1 "$f") != '#!/bin/sh'* ]] || shell=sh
		"$shell" -n "$f" 2>&1
	done
}

# make says nothing about a case that nobody runs.
tests_belong_to_a_library()
{
	local f name
	for f in tests/unit/*.c tests/fuzz/fuzz_*.c; do
		[ -e "$f" ] || continue
		name=$(basename "$f" .c)
		name=${name#test_} name=${name#fuzz_}
		grep -q "^LIB_${name%%_*} " Makefile || echo "$f: the Makefile has no library '${name%%_*}'"
	done
}

layers                    | rule "layers: who includes whom"
own_header_first          | rule "own header first"
spdx                      | rule "SPDX line"
long_files                | rule "no file over 600 lines"
trailing                  | rule "no white space at the end of a line"
indentation               | rule "tabs indent"
last_line                 | rule "newline at the end of a file"
syntax                    | rule "scripts parse"
tests_belong_to_a_library | rule "tests are named after a library"
# In a pipe, rule counts in a shell of its own; the runner counts the lines.
exit 0
