# SPDX-License-Identifier: Apache-2.0
# For benchmarks that count instructions of a guest; read after lib.sh.

entry() { # ELF: the address of its first instruction
	readelf -h "$1" | awk '/Entry point/ { print $4 }'
}

build_counter() {
	gcc -O2 -fPIC -shared -I "$TOP" -o "$WORK/count.so" "$TOP/bench/count.c"
}

function_range() { # SYMBOLS NAME: "0xADDRESS+0xSIZE" of each function of that name
	nm -S "$1" | awk -v n="$2" '$3 ~ /^[tT]$/ && $4 == n { print "0x" $1 "+0x" $2 }'
}

# One boot under icount; leaves a line `NAME COUNT APART` for each mark in $WORK/counts.
count_boot() { # PREFIX NAME=ADDRESS...
	local command marks="" mark
	for mark in "${@:2}"; do marks=$marks,$mark; done
	# The command as slipway would run it, but with one thread, no terminal, and the counter.
	command=$("$SLIPWAY" run -m 256 --kvm off --dry-run "$1" |
		sed 's/thread=multi/thread=single/; s/-chardev stdio,.*signal=on/-chardev file,path=$CONSOLE,id=console/; s/-mon [^ ]*//' |
		sed '/^[[:space:]]*\\\{0,1\}$/d')
	rm -f "$WORK/counts"
	CONSOLE=$WORK/console timeout 300 sh -c "$command"' -icount shift=0,sleep=off -plugin "$1" -d plugin -D "$2"' sh \
		"$WORK/count.so$marks" "$WORK/counts" < /dev/null > "$WORK/qemu" 2>&1 || die "QEMU failed: $(tail -n 1 "$WORK/qemu")"
}

# The layers of an image of the store, unpacked for a benchmark's own use.
unpack_image() { # NAME DIRECTORY
	local store manifest layer
	store=${SLIPWAY_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/slipway/store}
	manifest=$(jq -r --arg n "docker.io/$1:latest" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $n) | .digest' "$store/index.json")
	for layer in $(jq -r '.layers[].digest' "$store/blobs/sha256/${manifest#sha256:}"); do
		zstd -dcq "$store/blobs/sha256/${layer#sha256:}" | tar -C "$2" -xf -
	done
}
