# SPDX-License-Identifier: Apache-2.0
# A compose file, run as it is: services find each other by name, wait for health and for the end of others, answer at the ports that
# are published, and what they keep in volumes is there at the next boot.
set -u
. "$TOP/tests/qemu/lib.sh"
need curl
cd "$TEST_TMP" || exit 1
cp -r "$PACKAGE_STORE" store || skip "no packages: run 'make packages' first"
export SLIPWAY_STORE=$TEST_TMP/store XDG_RUNTIME_DIR=$TEST_TMP/run
mkdir -p run shop/www && chmod 700 run
port=$(free_port)
echo "WEB_PORT=$port" > shop/.env
echo "the shop" > shop/www/index.html

cat > shop/compose.yaml <<'END'
x-busybox: &busybox
  image: slipway/busybox
  entrypoint: [/bin/busybox, sh, -c]
services:
  web:
    <<: *busybox
    command: ["exec /bin/busybox httpd -f -p 80 -h /www"]
    ports: ["127.0.0.1:${WEB_PORT:?}:80"]
    volumes: ["./www:/www:ro"]
    depends_on:
      migrate: {condition: service_completed_successfully}
    restart: unless-stopped
  migrate:
    <<: *busybox
    command: ["echo boots: $$(/bin/busybox wget -qO- http://db:5432/boots); echo migrated"]
    depends_on:
      db: {condition: service_healthy}
  db:
    <<: *busybox
    command:
      - |
        echo boot >> /data/boots
        /bin/busybox sleep 2
        exec /bin/busybox httpd -f -p 5432 -h /data
    volumes: ["data:/data"]
    healthcheck:
      test: [CMD, /bin/busybox, wget, "-qO", /dev/null, "http://127.0.0.1:5432/boots"]
      interval: 500ms
      retries: 20
    deploy: {resources: {limits: {memory: 32M, pids: 20}}}
    logging: {driver: none}
volumes: {data: }
END

ask() { curl -sS --max-time 5 "http://127.0.0.1:$port/"; }
# go: boots it, asks it, ends it.
go()
{
	"$SLIPWAY" run "${RUN_OPTIONS[@]}" --disk state.img,size=64M shop > console 2>&1 < /dev/null &
	machine=$!
	check "$1: it answers" until_ok 200 ask
	same "$1: with the page of the host" "the shop" "$(ask)"
	"$SLIPWAY" ctl status > status 2>&1
	cat status
	check "$1: the service that was to end has ended" grep -q "^migrate  *done" status
	check "$1: the one with a health check is healthy" grep -q "^db .*healthy" status
	stop
	same "$1: ends in order" 0 "$status"
	check "$1: what cannot be kept is named" grep -q "compose.yaml:[0-9]*:[0-9]*: not kept: logging" console
}

go "first boot"
console "the services found each other, in order" "migrated"
same "what a volume has" 1 "$(tr -d '\r' < console | grep -c '^boots: boot\|^boot$')"
go "second boot"
same "is there at the next boot" 2 "$(tr -d '\r' < console | grep -o 'boots: boot.*' | tr ' ' '\n' | grep -cx boot)"

check "import writes the manifest" "$SLIPWAY" import -q -o shop/app.yml shop/compose.yaml
"$SLIPWAY" plan shop > plan-compose 2> /dev/null
"$SLIPWAY" plan shop/app.yml > plan-manifest 2> /dev/null
check "which is the same machine" cmp plan-compose plan-manifest
check "also elsewhere" "$SLIPWAY" import -q -o elsewhere.yml shop/compose.yaml
"$SLIPWAY" plan elsewhere.yml > plan-manifest 2> /dev/null
check "the same machine" cmp plan-compose plan-manifest
finish
