#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `slipway image push`, `copy`, `tags`, `show`, `delete`: what we push, others pull; and images that a build, a plan or a lock
# brings in by itself.
. "$TOP/tests/lib.sh"
. "$TOP/tests/functional/lib-registry.sh"
need docker-registry skopeo umoci podman htpasswd jq curl python3
cd "$TEST_TMP" || exit 1
export HOME=$TEST_TMP/home XDG_RUNTIME_DIR=$TEST_TMP/run XDG_CONFIG_HOME=$TEST_TMP/home/.config TMPDIR=$TEST_TMP
unset REGISTRY_AUTH_FILE DOCKER_CONFIG SSL_CERT_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy SLIPWAY_PULL
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"
export CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf
S=$TEST_TMP/store

image() { local verb=$1; shift; timeout 60 "$SLIPWAY" image "$verb" "$@" 2>said || { local status=$?; sed 's/^/# /' said; return $status; }; }
stored() { local verb=$1; shift; image "$verb" --store "$S" "$@"; }
start_registry "$TEST_TMP/plain" || { not_ok "a registry starts"; finish; }
plain=$registry
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$plain" >"$CONTAINERS_REGISTRIES_CONF"

mkdir -p root/bin
echo hello >root/greeting
head -c 200000 /dev/urandom >root/noise
tar -C root -cf root.tar .
check "an image to push" stored import --name local/one:v1 --entrypoint /greeting root.tar
digest=$("$SLIPWAY" image inspect --store "$S" local/one:v1 | jq -r .digest)

# --- push ---------------------------------------------------------------------------------------

check "pushed" stored push -q local/one:v1 "$plain/team/one:v1"
check "skopeo pulls it" skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$plain/team/one:v1" oci:copied:one
check "umoci unpacks that" umoci unpack --rootless --image copied:one bundle >/dev/null 2>&1
same "and it is what was pushed" hello "$(cat bundle/rootfs/greeting)"
same "with its digest" "$digest" "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$plain/team/one:v1")"
if [ "$(id -u)" -eq 0 ]; then
	check "podman pulls it" podman --root "$TEST_TMP/containers" --runroot "$TEST_TMP/containers-run" --storage-driver vfs \
		pull -q --tls-verify=false "docker://$plain/team/one:v1" 2>/dev/null
fi
check "pushed again, nothing moves" grep -q 'is there already' <(stored push local/one:v1 "$plain/team/one:v2"; cat said)
check "to another repository" stored push -q local/one:v1 "$plain/other:v1"
check "pulled by ourselves" image pull -q --store "$TEST_TMP/back" "$plain/team/one:v2"
check_fails "a digest that it does not have" stored push -q local/one:v1 "$plain/x@sha256:$(printf '0%.0s' {1..64})"
check_fails "an image that is not in the store" stored push -q local/two:v1 "$plain/x:v1"
check "says so" grep -q "is not in the store" said

htpasswd -Bbn someone secret >htpasswd 2>/dev/null
start_registry "$TEST_TMP/locked" "auth: {htpasswd: {realm: test, path: $TEST_TMP/htpasswd}}" || not_ok "a registry with passwords starts"
locked=$registry
check_fails "without a password" stored push -q --insecure "$locked" local/one:v1 "$locked/one:v1"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$locked" "$(printf someone:secret | base64)" >auth.json
check "with a password" stored push -q --authfile auth.json --insecure "$locked" local/one:v1 "$locked/one:v1"

# --- an upload that breaks off ------------------------------------------------------------------

# breaking.py PORT LOG: a registry that breaks off the first two uploads in their middle, keeps what came, and forgets half of it once
# without saying so (416). With a PORT, it only stands before the registry there, and breaks off likewise. Prints its port; LOG has of
# each request with a body: METHOD CONTENT-RANGE CONTENT-LENGTH STATUS.
cat >breaking.py <<'PYTHON'
import hashlib, http.client, http.server, re, sys
behind, log = int(sys.argv[1]), open(sys.argv[2], "w")
parts, breaks, lies, blobs = {}, 2, 1, set()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def answer(self, status, **headers):
        if self.command in ("PATCH", "PUT"):
            print(self.command, self.headers.get("Content-Range", "-"), self.headers.get("Content-Length", "-"), status, file=log, flush=True)
        self.send_response(status)
        for k, v in headers.items(): self.send_header(k, v)
        if status != 204: self.send_header("Content-Length", "0")
        self.end_headers()
    def broken(self):
        global breaks
        if self.command != "PATCH" or breaks == 0: return False
        breaks -= 1
        return True
    def own(self):
        global lies
        name, length = self.path.split("?")[0], int(self.headers.get("Content-Length", 0))
        digest = self.path.split("digest=")[-1].split("/")[-1]
        if self.command == "HEAD": return self.answer(200 if digest in blobs else 404)
        if self.command == "POST":
            parts["/up/%d" % len(parts)] = b""
            return self.answer(202, Location="/up/%d" % (len(parts) - 1))
        if "/manifests/" in name:
            self.rfile.read(length)
            return self.answer(201)
        if self.command == "GET": return self.answer(204, Location=name + "?again", Range="0-%d" % max(0, len(parts[name]) - 1))
        if self.command == "PATCH":
            if int(self.headers["Content-Range"].split("-")[0]) != len(parts[name]):
                self.close_connection = True
                return self.answer(416)
            if self.broken():
                parts[name] += self.rfile.read(3000000)
                print("PATCH", self.headers["Content-Range"], length, "broken", file=log, flush=True)
                self.close_connection = True
                return self.connection.close()
            if lies:
                lies = 0
                parts[name] = parts[name][:2000000]
                self.close_connection = True
                return self.answer(416)
        parts.setdefault(name, b"")
        parts[name] += self.rfile.read(length)
        if self.command == "PATCH": return self.answer(202, Location=name + "?next", Range="0-%d" % (len(parts[name]) - 1))
        good = "sha256:" + hashlib.sha256(parts[name]).hexdigest() == digest.replace("%3A", ":")
        if good: blobs.add(digest)
        self.answer(201 if good else 400)
    def forward(self):
        length = int(self.headers.get("Content-Length", 0))
        broken = self.broken()
        body = self.rfile.read(3000000 if broken else length)
        there = http.client.HTTPConnection("127.0.0.1", behind)
        there.putrequest(self.command, self.path, skip_host=True)
        for k, v in self.headers.items(): there.putheader(k, v)
        there.endheaders(body)
        if broken:
            there.close()
            self.close_connection = True
            return self.connection.close()
        r = there.getresponse()
        data = r.read()
        self.send_response(r.status)
        for k, v in r.getheaders(): self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = lambda self: self.forward() if behind else self.own()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
# breaking PORT LOG: sets `breaking` to HOST:PORT
breaking()
{
	exec 3< <(exec python3 breaking.py "$@" 2>breaking.err)
	registries+=($!)
	read -r breaking <&3
	breaking=127.0.0.1:$breaking
}
mkdir large && head -c 12000000 /dev/urandom >large/noise && tar -C large -cf large.tar .
check "a large image" stored import --name local/large:v1 large.tar
size=$("$SLIPWAY" image inspect --store "$S" local/large:v1 | jq '.manifest.layers[0].size')
breaking 0 uploads
check "an upload that breaks off twice" stored push --insecure "$breaking" local/large:v1 "$breaking/large:v1"
same "is gone on with where the registry says, and only with what is missing" \
	"0 $size broken|3000000 $((size - 3000000)) broken|6000000 $((size - 6000000)) 416|2000000 $((size - 2000000)) 202" \
	"$(awk '$1 == "PATCH" { sub("-.*", "", $2); print $2, $3, $4 }' uploads | paste -sd'|')"
same "and ends" "PUT - 0 201" "$(awk '$1 == "PUT" && $3 == 0' uploads)"
# Debian's registry, 2.8, keeps what came of a part, and then refuses all that follows: it begins anew.
breaking "${plain##*:}" forwarded
check "before a registry that cannot go on, it begins anew" stored push --insecure "$breaking" local/large:v1 "$breaking/large:v1"
check "the registry has all of it" skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$plain/large:v1" oci:copied:large

# --- an index, copied ---------------------------------------------------------------------------

check "another platform" stored import --name local/arm:v1 --platform linux/arm64 root.tar
check "pushed" stored push -q --platform linux/arm64 local/arm:v1 "$plain/multi:arm"
stored push -q local/one:v1 "$plain/multi:this" >/dev/null
entry()
{
	curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' -o document "http://$plain/v2/multi/manifests/$1"
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
		"$(sha256sum <document | cut -d' ' -f1)" "$(stat -c %s document)" "$2"
}
machine=$("$SLIPWAY" image inspect --store "$S" local/one:v1 | jq -r .config.architecture)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,%s]}' "$(entry this "$machine")" "$(entry arm arm64)" >index.json
curl -sS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary @index.json "http://$plain/v2/multi/manifests/all"
check "an index is copied whole" stored copy -q --authfile auth.json --insecure "$locked" "$plain/multi:all" "$locked/multi:all"
same "with its digest" "sha256:$(sha256sum <index.json | cut -d' ' -f1)" \
	"$(image show --authfile auth.json --insecure "$locked" "$locked/multi:all" | jq -r .digest)"
check "copied inside of a registry" stored copy -q "$plain/multi:all" "$plain/moved:all"
check "both platforms are there" skopeo inspect --override-arch arm64 --tls-verify=false --config "docker://$plain/moved:all" >/dev/null
check "half of an index" image pull -q --store "$TEST_TMP/half" "$plain/multi:all"
check_fails "is not pushed" image push -q --store "$TEST_TMP/half" "$plain/multi:all" "$plain/half:v1"
check "and what to do is said" grep -q -- "--platform all" said
check "one platform of it is" image push -q --store "$TEST_TMP/half" --platform "linux/$machine" "$plain/multi:all" "$plain/half:v1"

# --- looking and tidying ------------------------------------------------------------------------

same "tags" $'v1\nv2' "$(image tags "$plain/team/one" | sort)"
same "what refers to an image: nothing yet" "" "$(image referrers "$plain/team/one:v1")"
check "deleted" image delete "$plain/half:v1"
check_fails "is gone" image show "$plain/half:v1"

# --- builds -------------------------------------------------------------------------------------

cat >app.yml <<MANIFEST
services:
  - name: one
    image: $plain/team/one:v1
MANIFEST
plan() { timeout 60 "$SLIPWAY" plan --store "$TEST_TMP/fresh" "$@" app.yml >plan.txt 2>said; }
lock() { timeout 60 "$SLIPWAY" lock --store "$TEST_TMP/fresh" "$@" app.yml 2>said; }
check_fails "--pull never brings nothing in" plan --pull never
check "says so" grep -q "is not in the store" said
SLIPWAY_PULL=never check_fails "nor does SLIPWAY_PULL" plan
check_fails "a policy that is none" plan --pull sometimes
check "a plan brings in what is missing" plan
check_fails "--locked without a lock" plan --locked
check "a lock is written" lock
same "with the digest" "$plain/team/one:v1 $digest" "$(cat app.lock)"
cp app.lock old.lock
echo newer >root/greeting && tar -C root -cf root.tar .
stored import --name local/one:v2 --entrypoint /greeting root.tar >/dev/null
newer=$("$SLIPWAY" image inspect --store "$S" local/one:v2 | jq -r .digest)
check "the tag moves" stored push -q local/one:v2 "$plain/team/one:v1"
check "the lock holds" plan --locked
check "what is in the store is not looked up" lock
same "so the lock stays" "$(cat old.lock)" "$(cat app.lock)"
check "lock --update asks the registry" lock --update
same "and has the new digest" "$plain/team/one:v1 $newer" "$(cat app.lock)"
rm -rf "$TEST_TMP/fresh"
cp old.lock app.lock
check "a locked build on another machine gets the old one" plan --locked
check "with no network, the next time" plan --locked --pull never
"$SLIPWAY" image tag --store "$TEST_TMP/fresh" "$plain/team/one:v1@$digest" "docker.io/made/here:v1" 2>/dev/null
sed -i "s,image: .*,image: made/here:v1," app.yml
rm app.lock
check "what was made here is no registry's: lock --update" lock --update --timeout 2 --attempts 1
same "takes it from the store" "docker.io/made/here:v1 $digest" "$(cat app.lock)"
finish
