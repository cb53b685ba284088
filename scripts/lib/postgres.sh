# SPDX-License-Identifier: GPL-3.0-or-later
# The private PostgreSQL cluster: no TCP, passwords for the programs' roles, the superuser by the owner's own identity.
pg_bin=/usr/lib/postgresql/15/bin

# su_psql ARG… as the superuser, in the database pact.
su_psql() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$run" -U postgres -d pact "$@"
}

postgres_settings() {
	cat <<-EOT
		# written by scripts/run at each start
		listen_addresses = ''
		unix_socket_directories = '$run'
		unix_socket_permissions = 0777
		max_connections = 120
		shared_buffers = 256MB
		effective_cache_size = 1GB
		work_mem = 16MB
		maintenance_work_mem = 256MB
		wal_compression = lz4
		max_wal_size = 2GB
		checkpoint_timeout = 15min
		random_page_cost = 1.1
		jit = off
		password_encryption = scram-sha-256
		timezone = 'UTC'
		log_timezone = 'UTC'
		# DETAIL and STATEMENT quote what people typed; logs must not
		log_error_verbosity = terse
		log_min_error_statement = panic
		log_checkpoints = off
		log_line_prefix = '%m [%p] %u '
	EOT
	[ ! -e "$var/lib/pact_context.so" ] || echo "shared_preload_libraries = '$var/lib/pact_context.so'"
	[ "${PACT_FSYNC:-on}" = on ] || printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n'
}

cluster_create() {
	local user
	[ -e "$var/pg/PG_VERSION" ] && [ -e "$var/pg/pact.conf" ] && return
	say "making a PostgreSQL cluster"
	rm -rf "$var/pg"
	mkdir -m 700 "$var/pg"
	[ $pg_user = - ] || chown $pg_user:$pg_user "$var/pg"
	as $pg_user $pg_bin/initdb -D "$var/pg" -U postgres -E UTF8 --locale=C.UTF-8 -k --no-instructions >"$log/initdb.log" 2>&1 ||
		die "initdb failed; see $log/initdb.log"
	# By who asks (peer), the operating system's own word, or by password; nothing else is let in.
	{
		echo 'local all postgres peer map=owner'
		echo 'local all all scram-sha-256'
	} | as $pg_user tee "$var/pg/pg_hba.conf" >/dev/null
	for user in "$(id -un)" $pg_user; do
		[ "$user" = - ] || echo "owner \"$user\" postgres"
	done | as $pg_user tee "$var/pg/pg_ident.conf" >/dev/null
	echo "include 'pact.conf'" | as $pg_user tee -a "$var/pg/postgresql.conf" >/dev/null
	# last: its presence says that the cluster is whole
	postgres_settings | as $pg_user tee "$var/pg/pact.conf" >/dev/null
}

# After a crash the lock file names a process that is gone, or one that nobody has reaped yet, which PostgreSQL takes for
# a live one. It goes when no process works in the data directory any more.
postgres_unlock() {
	local pid dir end=$((SECONDS + 20)) busy=yes
	[ -e "$var/pg/postmaster.pid" ] || return 0
	read -r pid <"$var/pg/postmaster.pid"
	if proc_read "$pid" && [ "$proc_state" != Z ]; then
		return 0
	fi
	while [ -n "$busy" ] && [ $SECONDS -lt $end ]; do
		busy=''
		for dir in /proc/[0-9]*; do
			[ ! "$dir/cwd" -ef "$var/pg" ] || busy=yes
		done
		[ -z "$busy" ] || sleep 0.1
	done
	[ -n "$busy" ] || rm -f "$var/pg/postmaster.pid" "$run"/.s.PGSQL.5432*
}

postgres_start() {
	local end=$((SECONDS + 60))
	postgres_unlock
	postgres_settings | as $pg_user tee "$var/pg/pact.conf" >/dev/null
	service postgres INT $pg_user $pg_bin/postgres -D "$var/pg"
	until $pg_bin/pg_isready -q -h "$run"; do
		[ -n "$(services postgres)" ] && [ $SECONDS -lt $end ] ||
			{ tail -n 5 "$log/postgres.log" >&2; die "PostgreSQL did not start; see $log/postgres.log"; }
		sleep 0.05
	done
}

# The schema, and the passwords of the roles.
database_create() {
	local name stamp
	if [ "$(psql -X -A -t -h "$run" -U postgres -d postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'pact'")" = 0 ]; then
		psql -X -q -h "$run" -U postgres -d postgres -c "CREATE DATABASE pact TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'"
	fi
	stamp=$(find "$root/sql" "$root/scripts/migrate" -type f -exec sha256sum {} + | sort | sha256sum)
	if [ "$stamp" != "$(cat "$var/schema.stamp" 2>/dev/null)" ]; then
		PGHOST=$run PGPORT=5432 PGUSER=postgres PGDATABASE=pact "$root/scripts/migrate"
		for name in auth crm audit mail saml operator; do
			printf "ALTER ROLE pact_%s PASSWORD '%s';\n" $name "$(cut -d: -f5 "$keys/pgpass-$name")"
		done | su_psql -f -
		echo "$stamp" >"$var/schema.stamp"
	fi
}
