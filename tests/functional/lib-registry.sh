# SPDX-License-Identifier: Apache-2.0
# Registries for tests: Debian's docker-registry on a port of the loopback device. Read by others, after tests/lib.sh.
# shellcheck shell=bash

registries=()
stop_registries()
{
	local pid
	for pid in "${registries[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
	registries=()
}
trap stop_registries EXIT

# wait_for_port PORT
wait_for_port()
{
	for _ in $(seq 100); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
		sleep 0.1
	done
	return 1
}

# start_registry DIRECTORY [LINE-OF-ITS-HTTP-SECTION-OR-TOP...]: sets `registry` to HOST:PORT. A line that begins with a
# blank belongs to the section http.
start_registry()
{
	local dir=$1 port line http= top=
	shift
	port=$(free_port)
	for line; do
		case $line in ' '*) http+="$line"$'\n' ;; *) top+="$line"$'\n' ;; esac
	done
	mkdir -p "$dir/data"
	cat >"$dir/config.yml" <<-CONFIG
	version: 0.1
	log:
	  level: error
	storage:
	  filesystem:
	    rootdirectory: $dir/data
	  delete:
	    enabled: true
	http:
	  addr: 127.0.0.1:$port
	$http$top
	CONFIG
	docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 &
	registries+=($!)
	wait_for_port "$port" || { cat "$dir/log"; return 1; }
	registry=127.0.0.1:$port
}
