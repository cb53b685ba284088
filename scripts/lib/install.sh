# SPDX-License-Identifier: GPL-3.0-or-later
# What Debian 12 has to bring. One list a purpose; nothing is asked of apt when nothing is missing.

run_packages=(
	gcc make pkg-config libc6-dev
	libfcgi-dev libpq-dev libjansson-dev libssl-dev libsodium-dev libcrypt-dev libcurl4-openssl-dev libqrencode-dev libzxcvbn-dev
	liblasso3-dev libxml2-dev libxmlsec1-dev zlib1g-dev
	nginx spawn-fcgi multiwatch postgresql-15 postgresql-client-15 openssl curl ca-certificates
)

# packages_missing NAME… prints those that are not installed.
packages_missing() {
	local have
	# it fails when it does not know one of them, and says the others all the same
	have=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' || true)
	printf '%s\n' "$@" | grep -vxF -e "$have" || true
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
		install --no-install-recommends "$@" >>"$install_log" 2>&1 </dev/null ||
		{ tail -n 20 "$install_log" >&2; die "apt-get could not install: $* (whole log: $install_log)"; }
}

# packages_need NAME… installs what is missing, and leaves the machine otherwise as it was: no daemon of Debian's own
# is started or enabled, no cluster is made. Pact starts its own, on loopback and sockets.
packages_need() {
	local missing policy=/usr/sbin/policy-rc.d had_policy=yes had_common=yes conf=/etc/postgresql-common/createcluster.conf
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		die "these Debian packages are missing: ${missing[*]}. Install them as root (apt-get install ${missing[*]}) and start again."
	fi
	install_log=$(mktemp "${TMPDIR:-/tmp}/pact-apt.XXXXXX")
	say "installing ${#missing[@]} Debian packages: ${missing[*]}"
	as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >>"$install_log" 2>&1 || warn "apt-get update failed; trying with what is known ($install_log)"
	if [ ! -e $policy ]; then
		had_policy=no
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	if [ ! -e $conf ] && printf '%s\n' "${missing[@]}" | grep -qx postgresql-15; then
		had_common=no
		apt_install postgresql-common
		as_root cp -p $conf $conf.pact
		echo 'create_main_cluster = false' | as_root tee -a $conf >/dev/null
	fi
	apt_install "${missing[@]}"
	[ $had_common = yes ] || as_root mv $conf.pact $conf
	[ $had_policy = yes ] || as_root rm -f $policy
	if [ $had_policy = no ] && [ -d /run/systemd/system ] && printf '%s\n' "${missing[@]}" | grep -qx nginx; then
		as_root systemctl -q disable nginx.service || true
	fi
	rm -f "$install_log"
}

# The headers of the server, for the preload module, without the compilers that postgresql-server-dev-15 depends on.
# Prints the directory that holds postgres.h; fails when it cannot be had.
postgres_headers() {
	local dir=/usr/include/postgresql/15/server
	[ -e $dir/postgres.h ] && { echo $dir; return; }
	local to=$root/build/pgdev
	if [ ! -e "$to$dir/postgres.h" ]; then
		rm -rf "$to" && mkdir -p "$to"
		# to a directory that apt's own unprivileged user can write to, or it warns
		local tmp
		tmp=$(mktemp -d) && chmod 755 "$tmp"
		(cd "$tmp" && apt-get -qq download postgresql-server-dev-15 >/dev/null 2>&1 && dpkg -x ./*.deb "$to") || { rm -rf "$tmp"; return 1; }
		rm -rf "$tmp"
	fi
	[ -e "$to$dir/postgres.h" ] && echo "$to$dir"
}

# The programs, and the preload module when there are headers for it.
build_all() {
	local headers
	headers=$(postgres_headers) || warn "no PostgreSQL headers: the context module is not built (SECURITY.md says what that weakens)"
	make -s -C "$root" -j"$(nproc)" all ${headers:+preload}
}
