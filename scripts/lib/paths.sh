# SPDX-License-Identifier: GPL-3.0-or-later
# Where a stack lives and who runs it. After stack_paths:
#   dir   what the user named (var/, or --dir)     var   the same, or where its data had to go instead
#   run   sockets, pids, metrics    keys  secrets    log   logs    www, built  pages as nginx reads them
#   pg_user, app_user  the users of PostgreSQL and of everything else; "-" is the caller

stack_paths() {
	case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
	var=$dir
	[ ! -L "$dir" ] || var=$(readlink -f "$dir") || die "$dir is a link to nowhere; remove it"
	run=$var/run keys=$var/keys log=$var/log
	pg_user=- app_user=-
	if [ "$(id -u)" -eq 0 ]; then
		pg_user=postgres app_user=pact
	fi
}

# as USER COMMAND… as one of the two users above.
as() {
	local user=$1
	shift
	if [ "$user" = - ]; then
		"$@"
	else
		setpriv --reuid="$user" --regid="$user" --init-groups --inh-caps=-all --no-new-privs -- env -C / HOME=/nonexistent "$@"
	fi
}

# Can both users reach PATH?
reachable() {
	local user
	[ "$(id -u)" -eq 0 ] || return 0
	for user in $pg_user $app_user; do
		as "$user" test -x "$1" || return 1
	done
}

# stack_create makes the directories. Root's checkout may lie where neither user can go (/root): the data then lives in
# /var/lib and the directory is a link to it.
stack_create() {
	if [ "$(id -u)" -eq 0 ] && ! id -u pact >/dev/null 2>&1; then
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pact
	fi
	if [ ! -e "$var" ]; then
		mkdir -p "$(dirname "$dir")"
		if reachable "$(dirname "$dir")"; then
			mkdir "$var"
		else
			var=$(mktemp -d /var/lib/pact-demo-XXXXXX)
			ln -sT "$var" "$dir"
			say "data lives in $var: the users postgres and pact cannot enter $(dirname "$dir")"
		fi
	elif [ ! -e "$var/.pact" ] && [ -n "$(ls -A "$var")" ]; then
		die "$dir holds something else; name an empty or new directory with --dir"
	fi
	run=$var/run keys=$var/keys log=$var/log
	[ ${#run} -le 88 ] || die "$var is too long a path for Unix sockets; name a shorter one with --dir"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 711 "$var"
		reachable "$var" || die "the users postgres and pact cannot enter $var; name another directory with --dir"
	else
		chmod 700 "$var"
	fi
	: >>"$var/.pact"
	mkdir -p "$run" "$keys" "$log" "$var/bin" "$var/lib" "$var/tls" "$var/nginx" "$var/mail"
	chmod 700 "$log"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 711 "$keys" "$var/tls"
		chown pact:pact "$var/mail" "$log"
		# PostgreSQL's socket lies here too
		chown pact:postgres "$run" && chmod 770 "$run"
		chmod o+x "$run"
		chmod 700 "$var/mail"
	else
		chmod 700 "$keys" "$run" "$var/mail"
	fi
}
