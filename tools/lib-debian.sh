# SPDX-License-Identifier: Apache-2.0
# Source packages of Debian, fetched, checked and unpacked below $CACHE/sources. Read by tools/target-libs.sh and
# tests/conformance/runc-suite.sh. Needs the variables CACHE, here (this directory), work (a temporary directory on the
# same file system as CACHE) and refresh (not empty: ask the archive again), and the functions say and fail. Where release is
# set, apt is asked about that release of Debian instead of the system's own; where architecture is, about binary packages of that.
# shellcheck shell=bash

# remove_work_at_end: $work goes with whoever made it, however that ends.
remove_work_at_end()
{
	trap '[ -z "$work" ] || rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# A private apt: the system's configuration (proxies, keys) with lists, state and cache of our own. Works without root,
# and the system's apt never notices.
apt_private()
{
	apt-get -c="$work/apt/conf" "$@"
}

apt_prepare()
{
	[ ! -e "$work/apt/conf" ] || return 0
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/empty"
	: >"$work/apt/status"
	"$here/debian-sources.sh" ${release:+"$release"} >"$work/apt/debian.sources" || exit 1
	cat >"$work/apt/conf" <<-CONF
	#clear APT::Update;
	${architecture:+APT::Architecture "$architecture";}
	${architecture:+APT::Architectures { "$architecture"; };}
	APT::Update::Error-Mode "any";
	APT::Sandbox::User "root";
	APT::Get::AllowUnauthenticated "false";
	Acquire::AllowInsecureRepositories "false";
	Acquire::Languages "none";
	Acquire::Retries "3";
	Acquire::http::Timeout "30";
	Acquire::https::Timeout "30";
	Dir::State::Lists "$work/apt/lists";
	Dir::State::status "$work/apt/status";
	Dir::Cache "$work/apt/cache";
	Dir::Etc::SourceList "$work/apt/debian.sources";
	Dir::Etc::SourceParts "$work/apt/empty";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "$work/apt/empty";
	CONF
	say FETCH "index of Debian's ${architecture:-source} packages"
	apt_private -qq update >"$work/apt/log" 2>&1 || network_failure "$work/apt/log"
}

network_failure()
{
	sed 's/^/  apt: /' "$1" | grep -E ' [EW]: ' | head -n 5 >&2 || true
	fail "cannot fetch packages from Debian's archive (see above); nothing was changed, run it again when the network is back"
}

# Debian's version of a fetched source package, and the upstream part of it.
source_version() { sed -n 's/^Version: *//p' "$1"/*.dsc | head -n 1; }
upstream_version() { local v=${1#*:}; echo "${v%-*}"; }

# fetch_source SOURCE [CHECK...]: $CACHE/sources/SOURCE has what apt fetched. CHECK gets its directory as last argument,
# and fails when this is not what is wanted; it is asked before anything takes the place of what the cache has.
# SOURCE@RELEASE is that of another release.
fetch_source()
{
	local source=$1 dir=$CACHE/sources/$1
	shift
	[ $# -gt 0 ] || set -- true
	if [ -e "$dir/SHA256SUMS" ] && [ -z "$refresh" ]; then
		(cd "$dir" && sha256sum --quiet -c SHA256SUMS >/dev/null 2>&1) && "$@" "$dir" && return 0
		say NOTE "the cached source of $source is damaged; fetching it again"
	fi
	apt_prepare
	say FETCH "$source"
	mkdir -p "$work/fetch/$source" "$CACHE/sources"
	(cd "$work/fetch/$source" && apt_private -qq source --only-source --download-only "${source%@*}") >"$work/apt/log" 2>&1 ||
		network_failure "$work/apt/log"
	"$@" "$work/fetch/$source"
	(cd "$work/fetch/$source" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
	rm -rf "$dir"
	mv "$work/fetch/$source" "$dir"
}

# fetch_debs DIRECTORY PACKAGE...: binary packages, not what they depend on.
fetch_debs()
{
	local directory=$1
	shift
	apt_prepare
	say FETCH "$*"
	(cd "$directory" && apt_private -qq download "$@") >"$work/apt/log" 2>&1 || network_failure "$work/apt/log"
}

# keep_debs DIRECTORY PACKAGE...: the same in a directory of the cache, with SHA256SUMS; what is there and whole stays.
keep_debs()
{
	local directory=$1
	shift
	if [ -e "$directory/SHA256SUMS" ] && [ -z "$refresh" ]; then
		(cd "$directory" && sha256sum --quiet -c SHA256SUMS >/dev/null 2>&1) && return 0
		say NOTE "the cached package $* is damaged; fetching it again" >&2
	fi
	mkdir -p "$work/fetch" "${directory%/*}"
	fetch_debs "$work/fetch" "$@" >&2
	(cd "$work/fetch" && sha256sum -- *.deb >"$work/sums" && mv "$work/sums" SHA256SUMS)
	rm -rf "$directory"
	mv "$work/fetch" "$directory"
}

# unpack SOURCE: source format 3.0 (quilt) by hand, which spares us dpkg-dev.
unpack()
{
	local dir=$CACHE/sources/$1 patch file
	for file in "$dir"/*.orig.tar.*; do
		case $file in *.asc) ;; *) tar -xf "$file" --strip-components=1 --no-same-owner ;; esac
	done
	tar -xf "$dir"/*.debian.tar.* --no-same-owner
	[ ! -e debian/patches/series ] || while read -r patch _; do
		case $patch in ''|'#'*) ;; *) echo "patch: $patch"; patch -p1 -s <"debian/patches/$patch" ;; esac
	done <debian/patches/series
	# One time for all, so that a patched configure.ac does not make make call for autoconf.
	find . -exec touch -h -d @315532800 {} +
}
