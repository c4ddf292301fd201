# SPDX-License-Identifier: Apache-2.0
# What an image is made of, in the documents that others read. There is no validator in Debian: what the specifications require, and
# that every reference leads somewhere, is checked here.
set -u
. "$TOP/tests/lib.sh"
need jq tar unsquashfs rpm rpmbuild
cd "$TEST_TMP" || exit 1

# Packages of rpm, whose database is made by rpm itself: with an epoch and without, and a key, which is none.
export HOME=$TEST_TMP
# package NAME LINE...: builds it
package()
{
	{ printf 'Name: %s\n' "$1"; printf '%s\n' "${@:2}" 'Summary: x' 'BuildArch: noarch' '%description' x '%files'; } > "$1.spec"
	rpmbuild --quiet -bb --define "_topdir $TEST_TMP/rpm" "$1.spec" > rpmbuild.log 2>&1
}
package foo 'Version: 1.2+git' 'Release: 3.fc40' 'Epoch: 2' 'Vendor: Exämple Project' 'License: MIT AND (GPL-2.0-only OR X)'
package bar 'Version: 7' 'Release: 1' 'License: X'
install_rpms() { rpm --root "$TEST_TMP/rpms" --dbpath "/$1" -i --justdb --nodeps rpm/RPMS/noarch/*.rpm > rpm.log 2>&1; }
check "rpm makes a database" install_rpms usr/lib/sysimage/rpm
rpms() { rpm --root "$TEST_TMP/rpms" --dbpath /usr/lib/sysimage/rpm -qa --qf "$1" 2> rpm.log | sort; }
rpms=rpms/usr/lib/sysimage/rpm

# An image with the databases of three package managers.
mkdir -p root/var/lib/dpkg/status.d root/lib/apk/db root/usr/lib/sysimage root/var/lib root/etc docker
printf 'ID="debian"\nVERSION_ID="12"\n' > root/etc/os-release
cp -r $rpms root/usr/lib/sysimage && ln -s ../../usr/lib/sysimage/rpm root/var/lib/rpm
cat > root/var/lib/dpkg/status <<-EOF
	Package: libfoo1
	Status: install ok installed
	Architecture: amd64
	Source: foo (1.0)
	Version: 1:1.0+dfsg-1~deb12u1
	Description: a library
	 of several lines
	 .
	Homepage: https://example.org/

	Package: removed
	Status: deinstall ok config-files
	Version: 2
	Architecture: all

	Package: same
	Status: hold ok installed
	Version: 3
	Architecture: all
EOF
printf 'Package: distroless\nVersion: 4\nArchitecture: all\n' > root/var/lib/dpkg/status.d/distroless
printf '0123 usr/bin/x\n' > root/var/lib/dpkg/status.d/distroless.md5sums
printf 'C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:libc.so\n\nP:same\nV:3\n\n' > root/lib/apk/db/installed
tar -C root --sort=name -cf docker/layer.tar .
printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
	"$(sha256sum < docker/layer.tar | cut -d' ' -f1)" > docker/config.json
echo '[{"Config":"config.json","RepoTags":["example.org:5000/team/packages:1"],"Layers":["layer.tar"]}]' > docker/manifest.json
tar -C docker -cf image.tar manifest.json config.json layer.tar
cp -r "$PACKAGE_STORE" store
check "an image with packages is imported" "$SLIPWAY" image import --store store image.tar
cat > app.yml <<-EOF
	kernel:
	  image: slipway/kernel-debian
	  modules: []
	services:
	  - name: one
	    image: example.org:5000/team/packages:1
	  - name: two
	    image: example.org:5000/team/packages:1
	  - name: nginx
	    image: slipway/nginx
EOF
build() { "$SLIPWAY" build --quiet --store store -f kernel+squashfs -o "$1" app.yml; }
check "it is built into another" build app
for format in spdx cyclonedx slsa; do
	check "$format" "$SLIPWAY" sbom -f $format -o $format.json app
done

jq_true() { jq -e "$@" > jq.out; }
# is NAME DOCUMENT FILTER [WORD]: the filter says true
is() { check "$1" jq_true --arg word "${4:-}" "$3" "$2.json"; }

# SPDX 2.3: 6 (document creation), 7 (package), 11 (relationships)
is "SPDX: version, licence and id of the document" spdx '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"'
is "SPDX: the namespace is a URI without a fragment" spdx '.documentNamespace | test("^https?://[^#\\s]+$")'
is "SPDX: when and by what" spdx '(.creationInfo.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")) and all(.creationInfo.creators[]; test("^(Tool|Person|Organization): "))'
is "SPDX: ids are well formed" spdx 'all(.packages[].SPDXID; test("^SPDXRef-[a-zA-Z0-9.-]+$"))'
is "SPDX: and no two the same" spdx '[.packages[].SPDXID] | length == (unique | length)'
is "SPDX: packages have what is required" spdx 'all(.packages[]; has("name") and .downloadLocation == "NOASSERTION" and .filesAnalyzed == false)'
is "SPDX: checksums are what they say" spdx 'all(.packages[].checksums[]?; (.algorithm == "SHA256" and (.checksumValue | test("^[0-9a-f]{64}$"))) or (.algorithm == "SHA512" and (.checksumValue | test("^[0-9a-f]{128}$"))))'
is "SPDX: references to package URLs" spdx 'all(.packages[].externalRefs[]?; .referenceCategory == "PACKAGE-MANAGER" and .referenceType == "purl" and (.referenceLocator | test("^pkg:[a-z]+/[^ ]+$")))'
is "SPDX: purposes are those of the specification" spdx 'all(.packages[].primaryPackagePurpose; . == "APPLICATION" or . == "CONTAINER" or . == "OPERATING-SYSTEM")'
is "SPDX: every relationship leads somewhere" spdx '([.packages[].SPDXID] + ["SPDXRef-DOCUMENT"]) as $ids | all(.relationships[]; (.spdxElementId | IN($ids[])) and (.relatedSpdxElement | IN($ids[])))'
is "SPDX: the document describes one thing" spdx '[.relationships[] | select(.relationshipType == "DESCRIBES")] | length == 1'
is "SPDX: everything else is contained once" spdx '([.relationships[] | select(.relationshipType == "CONTAINS") | .relatedSpdxElement] | sort) == ([.packages[1:][].SPDXID] | sort)'

# CycloneDX 1.6
is "CycloneDX: format and version" cyclonedx '.bomFormat == "CycloneDX" and .specVersion == "1.6" and .version == 1'
is "CycloneDX: the serial number is a UUID" cyclonedx '.serialNumber | test("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")'
is "CycloneDX: components have type and name" cyclonedx 'all(.components[], .metadata.component, .metadata.tools.components[]; has("name") and (.type | IN("application", "container", "library", "operating-system")))'
is "CycloneDX: hashes are what they say" cyclonedx 'all(.components[].hashes[]?; (.alg == "SHA-256" and (.content | test("^[0-9a-f]{64}$"))) or (.alg == "SHA-512" and (.content | test("^[0-9a-f]{128}$"))))'
is "CycloneDX: references are unique" cyclonedx '[.components[]["bom-ref"], .metadata.component["bom-ref"]] | length == (unique | length)'
is "CycloneDX: every dependency leads somewhere" cyclonedx '[.components[]["bom-ref"], .metadata.component["bom-ref"]] as $ids | all(.dependencies[]; (.ref | IN($ids[])) and all(.dependsOn[]?; IN($ids[])))'
is "CycloneDX: and no component is left out" cyclonedx '([.dependencies[].ref] | sort) == ([.components[]["bom-ref"], .metadata.component["bom-ref"]] | sort)'

# What is in them.
names() { jq -r "[.packages[] | select(any(.externalRefs[]?; .referenceLocator | startswith(\"pkg:$1/\"))) | .name] | sort | join(\" \")" spdx.json; }
same "apk's packages" "musl same" "$(names apk/debian)"
nginx=$("$SLIPWAY" inspect app -o text.txt; cd / && unsquashfs -l "$TEST_TMP/app-squashfs.img" containers/services/nginx/rootfs/var/lib/dpkg/status.d | sed -n 's|.*/status.d/\([^/]*\)$|\1|p' | xargs)
same "dpkg's: installed, of both forms, once for two containers, and those of our own package" \
	"$(echo libfoo1 same distroless $nginx | tr ' ' '\n' | sort | xargs)" "$(names deb/debian | xargs)"
is "a package's URL is encoded" spdx 'any(.packages[].externalRefs[]?; .referenceLocator == "pkg:deb/debian/libfoo1@1:1.0%2Bdfsg-1~deb12u1?arch=amd64")'
is "and that of an image" spdx 'any(.packages[].externalRefs[]?; .referenceLocator == "pkg:oci/packages@" + $word + "?repository_url=example.org:5000%2Fteam%2Fpackages")' \
	"$("$SLIPWAY" image inspect --store store example.org:5000/team/packages:1 | jq -r .digest)"
same "rpm's, as rpm names them" "$(rpms '%{NAME} %{EVR}\n')" \
	"$(jq -r '.packages[] | select(any(.externalRefs[]?; .referenceLocator | startswith("pkg:rpm/"))) | "\(.name) \(.versionInfo)"' spdx.json | sort)"
same "their URLs, with architecture, distribution and epoch" "$(printf '%s\n' 'pkg:rpm/debian/bar@7-1?arch=noarch&distro=debian-12' \
	'pkg:rpm/debian/foo@1.2%2Bgit-3.fc40?arch=noarch&distro=debian-12&epoch=2')" "$(jq -r '.packages[].externalRefs[]?.referenceLocator | select(startswith("pkg:rpm/"))' spdx.json | sort)"
is "their licence, source and vendor" spdx 'any(.packages[]; .name == "foo" and .licenseComments == "MIT AND (GPL-2.0-only OR X)" and .supplier == "Organization: Exämple Project" and .comment == "source: foo-1.2+git-3.fc40.src.rpm")'
is "CycloneDX: the vendor" cyclonedx 'any(.components[]; .name == "foo" and .supplier.name == "Exämple Project")'
is "the licence that apk knows" spdx 'any(.packages[]; .name == "musl" and .licenseComments == "MIT")'
is "the kernel, by its file" spdx 'any(.packages[]; .name == "linux" and .checksums[0].checksumValue == $word)' "$(sha256sum < app-kernel | cut -d' ' -f1)"
is "slipway itself, by its file" spdx 'any(.packages[]; .name == "slipway" and .checksums[0].checksumValue == $word)' "$(sha256sum < "$BUILD/libexec/slipway/init" | cut -d' ' -f1)"
same "both documents have the same" "$(jq -r '[.packages[] | .name + " " + (.versionInfo // "")] | sort[]' spdx.json)" \
	"$(jq -r '[.metadata.component, .components[] | .name + " " + (.version // "")] | sort[]' cyclonedx.json)"

# in-toto statement v1, SLSA provenance v1
is "SLSA: statement and predicate" slsa '._type == "https://in-toto.io/Statement/v1" and .predicateType == "https://slsa.dev/provenance/v1"'
same "SLSA: subjects are the files" "$(sha256sum app-cmdline app-initrd.img app-kernel app-squashfs.img | awk '{ print $2, $1 }')" \
	"$(jq -r '.subject | sort_by(.name)[] | "\(.name) \(.digest.sha256)"' slsa.json)"
is "SLSA: what is required of the predicate" slsa '.predicate | (.buildDefinition | has("buildType") and has("externalParameters")) and (.runDetails.builder.id | length > 0)'
same "SLSA: the manifest" "$(sha256sum < app.yml | cut -d' ' -f1)" "$(jq -r .predicate.buildDefinition.externalParameters.manifest.sha256 slsa.json)"
is "SLSA: every dependency has a digest" slsa '.predicate.buildDefinition.resolvedDependencies | length == 3 and all(.[]; .digest.sha256 | test("^[0-9a-f]{64}$"))'

# Beside the image, by the build.
built() { "$SLIPWAY" build --store store -f kernel+squashfs -o beside app.yml "$@" > said.txt 2>err.txt; }
check "a build with all of them" built --sbom spdx --sbom cyclonedx --sbom=slsa --sbom spdx
same "says what it wrote" "$(printf 'beside-%s\n' kernel initrd.img squashfs.img cmdline sbom.spdx.json sbom.cdx.json sbom.slsa.json)" "$(cat said.txt)"
for pair in spdx:spdx cyclonedx:cdx slsa:slsa; do
	check "${pair%:*}: the bytes that are said of the image later" cmp beside-sbom.${pair#*:}.json <("$SLIPWAY" sbom -f ${pair%:*} beside)
done
check "a build with one" built --sbom spdx
same "leaves none that says something of an older one" "beside-sbom.spdx.json" "$(ls beside-sbom.*)"
rm beside-sbom.spdx.json
check "what is missing is written anew" built --sbom spdx
check "though all else is there" test -s beside-sbom.spdx.json
check "one that is not asked for any more" built
check_fails "is taken away" ls beside-sbom.spdx.json
check "and comes back" built --sbom spdx
cp beside-sbom.spdx.json old && cp beside-cmdline old-cmdline
check_fails "a format that is none" built --sbom spdx --sbom xml
check "is named" grep -q "^slipway: --sbom: unknown format 'xml'" err.txt
sed '$a files:\n  - {path: containers/services/nginx/rootfs/var/lib/dpkg/status, contents: "nonsense"}' app.yml > broken.yml
check_fails "an image of which no bill can be made" "$SLIPWAY" build -q --store store -f kernel+squashfs -o beside --sbom spdx broken.yml 2> err.txt
check "is not put in place" cmp beside-sbom.spdx.json old
check "nor any part of it" cmp beside-squashfs.img app-squashfs.img

# The same each time, whoever asks and wherever.
mkdir else && mv app-* else
for format in spdx cyclonedx slsa; do
	check "$format: the same bytes elsewhere" sh -c 'TZ=Asia/Tokyo LC_ALL=C "$1" sbom -f "$2" else/app | cmp -s - "$2.json"' - "$SLIPWAY" $format
done
mv else/app-* .
SOURCE_DATE_EPOCH=1700000000 build dated
same "the time is the build's" 2023-11-14T22:13:20Z "$("$SLIPWAY" sbom dated | jq -r .creationInfo.created)"

refused()
{
	local status=0
	"${@:3}" > out.txt 2> err.txt || status=$?
	if [ $status -eq 1 ] && [ "$(wc -l < err.txt)" -eq 1 ] && [ ! -s out.txt ] && grep -qF -- "$2" err.txt; then ok "$1"
	else not_ok "$1" "status $status: $(cat err.txt)"; fi
}
refused "an unknown format" "unknown format 'xml'" "$SLIPWAY" sbom -f xml app
refused "no image" "is no image" "$SLIPWAY" sbom nothing
# with NAME PATH FILE: an image with that file in the root of nginx
with()
{
	cp "$3" "$1.file"
	printf 'kernel: {image: slipway/kernel-debian, modules: []}\nservices:\n  - {name: nginx, image: slipway/nginx}\nfiles:\n' > "$1.yml"
	printf '  - {path: containers/services/nginx/rootfs/%s, source: %s}\n' "$2" "$1.file" >> "$1.yml"
	check "an image: $1" "$SLIPWAY" build --quiet --store store -o "$1" "$1.yml"
}
with berkeley var/lib/rpm/Packages /dev/null
"$SLIPWAY" sbom berkeley > berkeley.json 2> err.txt
is "a Berkeley DB is told" berkeley 'any(.packages[]; (.comment // "") | contains("/var/lib/rpm/Packages, is a Berkeley DB, which is not read"))'
check "and warned of" grep -q "slipway/nginx.*is a Berkeley DB, which is not read: its packages are missing here" err.txt
head -c 20000 $rpms/rpmdb.sqlite > cut
with cut var/lib/rpm/rpmdb.sqlite cut
refused "half of a database of rpm" "'cut': '/containers/services/nginx/rootfs/var/lib/rpm/rpmdb.sqlite': rpm database: " "$SLIPWAY" sbom cut
cat > bad.yml <<-EOF
	kernel:
	  image: slipway/kernel-debian
	  modules: []
	services:
	  - name: nginx
	    image: slipway/nginx
	files:
	  - path: containers/services/nginx/rootfs/var/lib/dpkg/status
	    contents: "Package: a\nStatus: install ok installed\nVersion: 1\n\nnonsense\n"
EOF
check "an image with a database that is none is built" "$SLIPWAY" build --quiet --store store -o bad bad.yml
refused "and refused, with the place" "'bad': '/containers/services/nginx/rootfs/var/lib/dpkg/status': dpkg database: line 5: expected 'KEY:VALUE'" "$SLIPWAY" sbom bad

finish
