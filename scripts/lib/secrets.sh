# SPDX-License-Identifier: GPL-3.0-or-later
# Keys and certificates of a stack. Each is made once, in a file that is complete or not there at all.

# keep FILE OWNER MODE COMMAND… writes COMMAND's output to FILE unless it exists. OWNER "-" is the caller.
keep() {
	local file=$1 owner=$2 mode=$3 tmp
	shift 3
	[ ! -e "$file" ] || return 0
	tmp=$(mktemp "$file.XXXXXX")
	"$@" >"$tmp"
	[ "$owner" = - ] || chown "$owner:$owner" "$tmp"
	chmod "$mode" "$tmp"
	mv "$tmp" "$file"
}

pgpass_line() {
	printf '*:*:*:pact_%s:%s\n' "$1" "$(random_text)"
}

secrets_create() {
	local name
	keep "$keys/sign.pem" $app_user 600 openssl genpkey -algorithm ed25519
	keep "$keys/verify.pem" $app_user 644 openssl pkey -in "$keys/sign.pem" -pubout
	keep "$keys/pepper" $app_user 600 openssl rand 32
	keep "$keys/master.key" $app_user 600 openssl rand 32
	for name in auth crm audit mail saml; do
		keep "$keys/pgpass-$name" $app_user 600 pgpass_line "$name"
	done
	keep "$keys/pgpass-operator" - 600 pgpass_line operator
	keep "$keys/saml.key" $app_user 600 openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -quiet
	keep "$keys/saml.pem" $app_user 644 openssl req -x509 -new -key "$keys/saml.key" -sha256 -days 3650 -subj /CN=pact-saml
	certificate_create
}

# A CA of this stack's own, which can speak for this machine only, and a certificate that it renews in time.
certificate_create() {
	local tls=$var/tls conf
	conf='[req]
prompt = no
distinguished_name = dn
[dn]
CN = Pact demo CA
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:localhost, permitted;IP:127.0.0.1/255.255.255.255, permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid'
	if [ ! -e "$tls/ca.pem" ]; then
		rm -f "$tls"/server.*
		keep "$tls/ca.key" - 600 openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
		keep "$tls/ca.pem" - 644 openssl req -x509 -new -key "$tls/ca.key" -sha256 -days 3650 -config <(echo "$conf") -extensions ca
	fi
	if ! openssl x509 -in "$tls/server.pem" -noout -checkend 2592000 >/dev/null 2>&1; then
		rm -f "$tls/server.pem"
		keep "$tls/server.key" - 600 openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
		keep "$tls/server.pem" - 644 openssl x509 -req -days 397 -sha256 -CA "$tls/ca.pem" -CAkey "$tls/ca.key" \
			-set_serial "0x$(openssl rand -hex 16)" -extfile <(echo "$conf") -extensions leaf \
			-in <(openssl req -new -key "$tls/server.key" -subj /CN=localhost) 2>/dev/null
	fi
}
