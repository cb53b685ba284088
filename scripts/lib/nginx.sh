# SPDX-License-Identifier: GPL-3.0-or-later
# nginx of a stack: the configuration is nginx/*.in and nginx/snippets with its @NAMES@ filled in.

nginx_configure() {
	local file user='' v6='#' to=$var/nginx
	www=$root/nginx/www built=$build/www
	if [ "$(id -u)" -eq 0 ]; then
		user="user pact pact;"
		# pages of a checkout that the workers cannot enter are copied
		if ! as $app_user test -r "$www/." || ! as $app_user test -r "$built/."; then
			rm -rf "$var/www" "$var/built"
			cp -R "$www" "$var/www"
			cp -R "$built" "$var/built"
			chmod -R u=rwX,go=rX "$var/www" "$var/built"
			www=$var/www built=$var/built
		fi
	fi
	! grep -qs '^00000000000000000000000000000001 ' /proc/net/if_inet6 || v6=''
	mkdir -p "$to/snippets"
	for file in nginx.conf pact.conf snippets/pact-{bulk,errors,fastcgi,hash,headers,health,problems,refuse,scim,server,static,tls}.conf; do
		local from=$root/nginx/$file
		[ -e "$from" ] || from=$from.in
		sed -e "s|@USER@|$user|g; s|@NAME@|localhost|g; s|@ADDRESS@|127.0.0.1|g; s|@ADDRESS6@|[::1]|g; s|@V6@|$v6|g; s|@PORT@|$port|g; s|@HTTP_PORT@|$http_port|g" \
			-e "s|@METRICS_PORT@|$metrics_port|g; s|@AUTHORITY@|:$port|g; s|@RUN@|$run|g; s|@LOG@|$log|g; s|@VAR@|$var|g" \
			-e "s|@WWW@|$www|g; s|@BUILT@|$built|g; s|@CERT@|$var/tls/server.pem|g; s|@KEY@|$var/tls/server.key|g" \
			-e "s|@LOGIN_RATE@|${PACT_LOGIN_RATE:-30}|g; s|@SECURITY_EXPIRES@|$(date -u -d '+180 days' +%FT00:00:00Z)|g" \
			-e "s|@SECURITY_CONTACT@|${PACT_SECURITY_CONTACT:-mailto:security@localhost}|g" "$from" >"$to/$file"
	done
	nginx -t -q -p "$to" -c "$to/nginx.conf" -e "$log/nginx-error.log" || die "nginx does not accept its configuration ($to)"
}

nginx_start() {
	service nginx QUIT - nginx -p "$var/nginx" -c "$var/nginx/nginx.conf" -e "$log/nginx-error.log"
}

# Is a port of loopback taken? By asking, for that needs no tool.
port_taken() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null
}
