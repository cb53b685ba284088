# SPDX-License-Identifier: GPL-3.0-or-later
# Two demo workspaces that look alike, made as a customer would: the operator's command for people, the API for data.
demo_slugs='nordlys nordlicht'

demo_people() {
	local slug role
	for slug in $demo_slugs; do
		for role in owner admin member viewer; do
			echo "$slug $role $role@$slug.example $(random_text 15)"
		done
	done
}

demo_user_name() {
	case $1 in owner) echo 'Astrid Nordby' ;; admin) echo 'Jonas Holt' ;; member) echo 'Mina Falk' ;; viewer) echo 'Paul Lind' ;; esac
}

# What people and tests need to know about the stack.
demo_json() {
	local slug role email password shown=${dir#"$root/"} sep='' comma
	printf '{"base_url":"%s","http_url":"http://localhost:%s","metrics_url":"http://127.0.0.1:%s",' "$base_url" "$http_port" "$metrics_port"
	printf '"ca":"%s/tls/ca.pem","mail_dir":"%s/mail","dir":"%s","workspaces":[' "$shown" "$shown" "$var"
	for slug in $([ ! -e "$var/seeded" ] || echo "$demo_slugs"); do
		printf '%s\n{"slug":"%s","users":[' "$sep" "$slug"
		sep=, comma=''
		while read -r _ role email password; do
			printf '%s\n  {"email":"%s","password":"%s","role":"%s"}' "$comma" "$email" "$password" "$role"
			comma=,
		done < <(grep "^$slug " "$keys/demo-people")
		printf ']}'
	done
	printf ']}\n'
}

# demo_post KEY reads requests, "PATH<tab>JSON" a line, posts them over one connection and prints the id of each thing
# made. KEY makes each one's Idempotency-Key, so that a seed that was cut short goes on where it was.
demo_post() {
	local path body sep='' config n=0
	config=$(mktemp "$run/seed.XXXXXX")
	while IFS=$'\t' read -r path body; do
		body=${body//\\/\\\\}
		printf '%s\nurl = "%s"\nheader = "@%s"\nheader = "Content-Type: application/json"\nheader = "Idempotency-Key: %s-%d"\n' \
			"$sep" "$base_url$path" "$run/seed.token" "$1" $((++n))
		printf 'cacert = "%s"\ndata-binary = "%s"\noutput = "/dev/null"\nwrite-out = "%%{http_code} %%header{location}\\n"\n' \
			"$var/tls/ca.pem" "${body//\"/\\\"}"
		sep=next
	done >"$config"
	curl -sS --noproxy '*' -K "$config" >"$config.out" || die "seeding: the API does not answer"
	! grep -v '^20' "$config.out" >&2 || die "seeding: the API refused a request (see $log)"
	sed 's|.*/||' "$config.out"
	rm -f "$config" "$config.out"
}

demo_data() {
	local slug=$1 password=$2 token kind first last email title account tags consent note i=0
	local -A account_id=()
	local names=() ids=()
	token=$(printf '{"email":"member@%s.example","password":"%s","workspace":"%s","session":"bearer"}' "$slug" "$password" "$slug" |
		curl -sS --noproxy '*' --cacert "$var/tls/ca.pem" -H 'Content-Type: application/json' --data-binary @- "$base_url/v1/auth/login" |
		sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
	[ -n "$token" ] || die "seeding: cannot log in to $slug"
	(umask 077 && printf 'Authorization: Bearer %s\n' "$token" >"$run/seed.token")

	mapfile -t names < <(awk -F'\t' '$1 == "A" { print $2 }' "$root/scripts/lib/demo.tsv")
	mapfile -t ids < <(awk -F'\t' -v slug="$slug" '$1 == "A" {
		printf "/v1/accounts\t{\"name\":\"%s\",\"domain\":\"%s\",\"phone\":\"%s\",\"note\":\"Customer of %s since %d.\"}\n",
			$2, $3, (slug == "nordlys" ? "+47 22 00 1" : "+49 30 00 2") (100 + ++n), slug, 2015 + n }' "$root/scripts/lib/demo.tsv" | demo_post "demo-$slug-account")
	[ ${#ids[@]} -eq ${#names[@]} ] || die "seeding: accounts of $slug"
	for i in "${!names[@]}"; do
		account_id[${names[i]}]=${ids[i]}
	done

	local rows=() posts=() later=()
	mapfile -t rows < <(grep '^P' "$root/scripts/lib/demo.tsv")
	for i in "${!rows[@]}"; do
		IFS=$'\t' read -r kind first last email title account tags consent note <<<"${rows[i]}"
		posts+=("$(printf '/v1/contacts\t{"first_name":"%s","last_name":"%s",%s"title":"%s",%s%s"phone":"%s %03d","consent_status":"%s"}' \
			"$first" "$last" "$([ "$email" = - ] || printf '"email":"%s",' "$email")" "$title" \
			"$([ "$account" = - ] || printf '"account_id":"%s",' "${account_id[$account]}")" \
			"$([ "$tags" = - ] || printf '"tags":["%s"],' "${tags//,/\",\"}")" \
			"$([ "$slug" = nordlys ] && echo '+47 900 00' || echo '+49 170 0000')" "$i" "${consent%%>*}")")
	done
	mapfile -t ids < <(printf '%s\n' "${posts[@]}" | demo_post "demo-$slug-contact")
	[ ${#ids[@]} -eq ${#rows[@]} ] || die "seeding: contacts of $slug"

	for i in "${!rows[@]}"; do
		IFS=$'\t' read -r kind first last email title account tags consent note <<<"${rows[i]}"
		case $consent in
		*'>confirmed') later+=("$(printf '/v1/contacts/%s/consent\t{"status":"confirmed","source":"web_form","evidence":{"page":"https://%s.example/newsletter"}}' "${ids[i]}" "$slug")") ;;
		*'>declined') later+=("$(printf '/v1/contacts/%s/consent\t{"status":"declined","source":"phone"}' "${ids[i]}")") ;;
		esac
		[ "$note" = - ] || later+=("$(printf '/v1/activities\t{"contact_id":"%s","kind":"note","subject":"Note","body":"%s (%s)"}' "${ids[i]}" "$note" "$slug")")
		case $((i % 6)) in
		1) later+=("$(printf '/v1/activities\t{"contact_id":"%s","kind":"call","subject":"Called %s","body":"Will call back."}' "${ids[i]}" "$first")") ;;
		4) later+=("$(printf '/v1/activities\t{"contact_id":"%s","kind":"task","subject":"Send the offer to %s","due_at":"%s"}' "${ids[i]}" "$first" "$(date -u -d "+$((i % 9 + 1)) days" +%FT12:00:00Z)")") ;;
		esac
	done
	printf '%s\n' "${later[@]}" | demo_post "demo-$slug-event" >/dev/null
	rm -f "$run/seed.token"
}

demo_seed() {
	local slug role email password
	if [ -n "$seed" ] && [ ! -e "$var/seeded" ]; then
		say "seeding two demo workspaces"
		keep "$keys/demo-people" - 600 demo_people
		while read -r slug role email password; do
			if [ "$role" = owner ]; then
				! "$root/scripts/pactctl" workspace-list 2>/dev/null | grep -qw "$slug" || continue
				set -- workspace-create "$slug" "$([ "$slug" = nordlys ] && echo 'Nordlys AS' || echo 'Nordlicht GmbH')" "$email" "$(demo_user_name owner)"
			else
				set -- user-add "$slug" "$email" "$(demo_user_name "$role")" "$role"
			fi
			printf '%s' "$password" | PACT_ENV=$var/operator.env "$root/scripts/pactctl" "$@" >>"$log/seed.log" 2>&1 ||
				{ tail -n 3 "$log/seed.log" >&2; die "seeding: pactctl $1 $2 failed"; }
		done <"$keys/demo-people"
		for slug in $demo_slugs; do
			demo_data "$slug" "$(sed -n "s/^$slug member [^ ]* //p" "$keys/demo-people")"
		done
		touch "$var/seeded"
	fi
	(umask 077 && demo_json >"$var/demo.json.new") && mv "$var/demo.json.new" "$var/demo.json"
}
