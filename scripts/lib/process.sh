# SPDX-License-Identifier: GPL-3.0-or-later
# Processes of a stack: each service leads a session of its own and is written down in $run/pids with its start time,
# so that only what was started here is ever signalled, however much later. Line: NAME PID START SIGNAL.

# proc_read PID sets proc_state, proc_session, proc_start from /proc/PID/stat; fails when there is no such process.
proc_read() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	line=${line##*) } # the name before it may hold anything
	# shellcheck disable=SC2086 # fields, from the third on
	set -- $line
	proc_state=$1 proc_session=$4 proc_start=${20}
}

# alive PID START
alive() {
	proc_read "$1" && [ "$proc_start" = "$2" ] && [ "$proc_state" != Z ]
}

# service NAME SIGNAL USER [VARIABLE=…] COMMAND… starts a service, with no environment but that. USER "-" is the caller.
service() {
	local name=$1 signal=$2 user=$3 pid become=()
	shift 3
	[ "$user" = - ] || become=(setpriv --reuid="$user" --regid="$user" --init-groups --inh-caps=-all --no-new-privs --)
	# no group leader here, so setsid does not fork and $! is the service
	setsid -- "${become[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ=UTC "$@" </dev/null >>"$log/$name.log" 2>&1 9>&- &
	pid=$!
	proc_read $pid || true
	[ ! -e "$run/pids" ] || sed -i "/^$name /d" "$run/pids"
	echo "$name $pid $proc_start $signal" >>"$run/pids"
}

# services [PATTERN] prints the lines of those that live, last started first.
services() {
	local name pid start signal
	[ -e "$run/pids" ] || return 0
	tac "$run/pids" | while read -r name pid start signal; do
		# shellcheck disable=SC2254 # a pattern
		case $name in ${1:-*}) ;; *) continue ;; esac
		if alive "$pid" "$start"; then echo "$name $pid $start $signal"; fi
	done
}

# service_members PID START prints the processes of a service's session, also those its leader left behind.
service_members() {
	local dir
	if proc_read "$1" && [ "$proc_start" != "$2" ]; then
		return 0 # the number belongs to somebody else by now
	fi
	for dir in /proc/[0-9]*; do
		if proc_read "${dir#/proc/}" && [ "$proc_session" = "$1" ] && [ "$proc_start" -ge "$2" ] && [ "$proc_state" != Z ]; then
			echo "${dir#/proc/}"
		fi
	done
}

# services_stop PATTERN SECONDS asks politely, waits, then ends what is left.
services_stop() {
	local name pid start signal end=$((SECONDS + $2)) left
	[ -e "$run/pids" ] || return 0
	services "$1" | while read -r name pid start signal; do
		kill -s "$signal" "$pid" 2>/dev/null || true
	done
	while [ -n "$(services "$1")" ] && [ $SECONDS -lt $end ]; do
		sleep 0.05
	done
	while read -r name pid start signal; do
		# shellcheck disable=SC2254 # a pattern
		case $name in $1) ;; *) continue ;; esac
		left=$(service_members "$pid" "$start")
		# shellcheck disable=SC2086 # a list
		[ -z "$left" ] || kill -9 $left 2>/dev/null || true
	done <"$run/pids"
}
