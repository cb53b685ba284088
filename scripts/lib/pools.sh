# SPDX-License-Identifier: GPL-3.0-or-later
# The programs. A pool is one more socket with the same program behind it; nginx/pact.conf.in says which path goes where.
#     pool       program  processes
pools='
      auth       auth     4
      auth-hash  auth     2
      auth-oidc  auth     2
      crm        crm      4
      crm-bulk   crm      2
      audit      audit    2
      mail       mail     2
      auth-saml  saml     2
'
programs='auth crm audit mail saml'

# program_env PROGRAM POOL prints its environment, an assignment a line. Only auth is shown the keys.
program_env() {
	local name
	cat <<-EOT
		PACT_DB=host='$run' dbname=pact user=pact_$1 passfile='$keys/pgpass-$1' application_name=$2
		PACT_BASE_URL=$base_url
		PACT_VERIFY_KEY=$keys/verify.pem
		PACT_POOL=$2
		PACT_METRICS=$run/$1.metrics
	EOT
	case $1 in
	auth)
		cat <<-EOT
			PACT_SIGN_KEY=$keys/sign.pem
			PACT_PEPPER=$keys/pepper
			PACT_MASTER_KEY=$keys/master.key
		EOT
		# while the master key is being replaced (pactctl rekey master)
		[ ! -e "$keys/master-next.key" ] || echo "PACT_MASTER_KEY_NEXT=$keys/master-next.key"
		;;
	saml)
		cat <<-EOT
			PACT_SAML_KEY=$keys/saml.key
			PACT_SAML_CERT=$keys/saml.pem
		EOT
		;;
	mail)
		if [ -n "${PACT_SMTP_URL:-}" ]; then
			echo "PACT_SMTP_URL=$PACT_SMTP_URL"
		else
			echo "PACT_MAIL_DIR=$var/mail"
		fi
		echo "PACT_MAIL_FROM=${PACT_MAIL_FROM:-Pact <pact@localhost>}"
		;;
	esac
	# handed through from who starts the stack: tests, and sanitizer builds
	for name in PACT_TEST PACT_HASH_COST PACT_BREACHED_PASSWORDS PACT_MAX_REQUESTS PACT_MAX_SECONDS PACT_DEBUG PACT_SMTP_CA PACT_RESOLVER PACT_FETCH_ALLOW PACT_FETCH_CA \
		ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
		[ -z "${!name:-}" ] || echo "$name=${!name}"
	done
}

# The programs run from copies: a build beside a running stack does not disturb it, and the copies are where the user
# who runs them can go.
programs_copy() {
	local name
	for name in $programs; do
		cmp -s "$build/$name" "$var/bin/$name" || install -m 755 "$build/$name" "$var/bin/$name"
	done
	if [ -e "$root/build/pact_context.so" ]; then
		cmp -s "$root/build/pact_context.so" "$var/lib/pact_context.so" ||
			install -m 755 "$root/build/pact_context.so" "$var/lib/pact_context.so"
	fi
}

# pools_start [NAME]: all pools and runners, or one. multiwatch replaces a process at once, however often it ends; its own
# defaults give up after three exits in ten seconds.
pools_start() {
	local pool program n env low watch='/usr/bin/multiwatch -r 1000000 -t 1 -f'
	while read -r pool program n; do
		[ -n "$pool" ] && [ "${1:-$pool}" = "$pool" ] || continue
		mapfile -t env < <(program_env "$program" "$pool")
		rm -f "$run/$pool.sock"
		# hashing takes what others leave, so that a flood of logins slows down logins
		low=''
		[ "$pool" != auth-hash ] || low='nice -n 10'
		# shellcheck disable=SC2086 # words
		service "$pool" TERM $app_user "${env[@]}" $low spawn-fcgi -n -s "$run/$pool.sock" -M 0660 -- $watch "$n" -- "$var/bin/$program"
	done <<<"$pools"
	for program in $programs; do
		[ "${1:-$program-job}" = "$program-job" ] || continue
		mapfile -t env < <(program_env "$program" "$program-job")
		service "$program-job" TERM $app_user "${env[@]}" $watch 1 -- "$var/bin/$program" -j
	done
}

# Configuration and schema, asked of each program before it is put behind nginx; once more when the machine was slow.
programs_check() {
	local program pids=() pid bad=''
	for program in $programs; do
		program_check "$program" || { sleep 1 && program_check "$program"; } || program_check "$program" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || bad=yes
	done
	[ -z "$bad" ] || { tail -n 5 "$log"/*-check.log >&2; die "a program found something wrong; see $log/*-check.log"; }
}

program_check() {
	local env
	mapfile -t env < <(program_env "$1" "$1")
	as $app_user env -i "${env[@]}" "$var/bin/$1" -t >"$log/$1-check.log" 2>&1
}

health_url() {
	case $1 in
	auth-hash | auth-oidc | crm-bulk) echo "http://127.0.0.1:$metrics_port/healthz/$1" ;;
	auth-saml) echo "$base_url/healthz/saml" ;;
	*) echo "$base_url/healthz/$1" ;;
	esac
}

# healthy POOL asks through nginx.
healthy() {
	curl -sf -o /dev/null --max-time 5 --noproxy '*' --cacert "$var/tls/ca.pem" "$(health_url "$1")"
}

pools_wait() {
	local pool program n end=$((SECONDS + 30))
	while read -r pool program n; do
		[ -n "$pool" ] || continue
		until healthy "$pool"; do
			[ $SECONDS -lt $end ] || { tail -n 5 "$log/$pool.log" "$log/nginx-error.log" >&2; die "$pool does not answer; see $log/$pool.log"; }
			sleep 0.05
		done
	done <<<"$pools"
}
