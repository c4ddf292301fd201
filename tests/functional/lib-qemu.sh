# SPDX-License-Identifier: Apache-2.0
# A stand-in for QEMU, in the current directory: . "$TOP/tests/functional/lib-qemu.sh"

# Finds the descriptors of its lines, and does what `guest` says: a script that has $status, $test and $console to write to,
# and as one of several machines $lan, and $number: 1 for the first.
cat > qemu <<'END'
#!/bin/bash
arguments=$*
# A socket is there already, and a file is to be opened anew.
line() { local way; way=$(grep -oP "id=$1,(fd=|path=)\K[^ ]+" <<< "$arguments"); case $way in /*) exec {fd}> "$way" ;; *) fd=$way ;; esac; }
line status; status=$fd
case $arguments in *id=test,*) line test; test=$fd ;; esac
case $arguments in *id=lan,*) lan=$(grep -oP 'id=lan,local.type=fd,local.str=\K[0-9]+' <<< "$arguments") ;; esac
number=$((0x$(grep -oP 'mac=52:54:00:c8:00:\K..' <<< "$arguments" || echo 0)))
case $arguments in *"stdio,id=console"*) console=1 ;; *) line console; console=$fd ;; esac
frame() { # TYPE CHANNEL PAYLOAD (as for printf)
	local length
	length=$(printf "$3" | wc -c)
	printf "$1\\x$(printf %02x "$2")\\x$(printf %02x $((length >> 8)))\\x$(printf %02x $((length & 255)))$3" >&"$test"
}
say() { frame D 0 "$1"; }
file() { frame P 0 "\\x00$1"; frame D 1 "${2:-data}"; frame E 0 ""; }
# When it is asked to power off.
asked() { local word; read -r word <&"$status"; [ "$word" = poweroff ] && echo "asked to power off" >&"$console"; }
leave() { frame X 0 "\\x$(printf %02x "$1")"; echo "exit $1" >&"$status"; exit 0; }
# A test port that is read no more is no reason to stay.
trap '' PIPE
. ./guest
END
chmod +x qemu

# guest LINES: what the stand-in does from now on.
guest() { printf '%s\n' "$@" > guest; }
