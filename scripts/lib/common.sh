# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the scripts. Sourced by bash with `set -euo pipefail`; $root is the project's directory.

say() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s: warning: %s\n' "${0##*/}" "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Runs a command with root's rights, for apt only.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n true 2>/dev/null || say "sudo may ask for your password: $*"
		sudo "$@"
	fi
}

random_text() {
	openssl rand -base64 "${1:-24}" | tr -d '\n=' | tr '+/' '-_'
}
