#!/bin/bash
# What most people's git server looks like: nginx before git's http-backend,
# with a password and a certificate of an authority of one's own.
. "$(dirname "$0")/../lib.sh"

NGINX=$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)
FCGIWRAP=$(command -v fcgiwrap || ls /usr/sbin/fcgiwrap 2>/dev/null)
[ -n "$NGINX" ] && [ -n "$FCGIWRAP" ] && command -v openssl >/dev/null ||
	{ skip "nginx with TLS and Basic" "no nginx, fcgiwrap or openssl here"; exit 0; }

W=$BUILD/wiretool
K=apps/svc-0003/overlays/dev/kustomization.yaml
R=$T/repos/r.git
mkdir "$T/repos"
git init -q --bare -b main "$R"
"$PYTHON" tests/wire/make-repo.py 20 50 | git -C "$R" fast-import --quiet
git -C "$R" config http.receivepack true
git -C "$R" config uploadpack.allowFilter true

# An authority, and a server's certificate by it.
cd "$T" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 \
	-subj /CN=authority 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr \
	-subj /CN=localhost 2>/dev/null
openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
	-extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost) -out tls.pem 2>/dev/null
echo "git:$(openssl passwd -apr1 s3cret-token)" >htpasswd
PORT=$("$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >nginx.conf <<E
daemon off;
worker_processes 1;
pid $T/nginx.pid;
error_log $T/error.log;
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events {}
http {
	access_log $T/access.log;
	client_body_temp_path $T/t1; proxy_temp_path $T/t2; fastcgi_temp_path $T/t3;
	uwsgi_temp_path $T/t4; scgi_temp_path $T/t5;
	server {
		listen 127.0.0.1:$PORT ssl;
		ssl_certificate $T/tls.pem;
		ssl_certificate_key $T/tls.key;
		auth_basic git;
		auth_basic_user_file $T/htpasswd;
		location ~ ^/git(/.*)\$ {
			fastcgi_pass unix:$T/cgi.sock;
			fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
			fastcgi_param GIT_PROJECT_ROOT $T/repos;
			fastcgi_param GIT_HTTP_EXPORT_ALL "";
			fastcgi_param GIT_PROTOCOL \$http_git_protocol;
			fastcgi_param PATH_INFO \$1;
			fastcgi_param REMOTE_USER \$remote_user;
			fastcgi_param REMOTE_ADDR \$remote_addr;
			fastcgi_param REQUEST_METHOD \$request_method;
			fastcgi_param QUERY_STRING \$query_string;
			fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param CONTENT_LENGTH \$content_length;
		}
	}
}
E
"$FCGIWRAP" -s "unix:$T/cgi.sock" 2>"$T/cgi.log" &
lib_pids+=($!)
"$NGINX" -c "$T/nginx.conf" -e "$T/error.log" &
lib_pids+=($!)
for _ in {1..100}; do
	(: </dev/tcp/127.0.0.1/"$PORT") 2>/dev/null && [ -S "$T/cgi.sock" ] && break
	sleep 0.05
done
cd "$TOP" || exit 1

URL=https://127.0.0.1:$PORT/git/r.git
export WIRE_TIMEOUT_MS=10000
check "an authority that nobody trusts: exit 15" \
	expect_exit 15 env WIRE_TOKEN=s3cret-token "$W" "$URL" refs refs/heads/
export SSL_CERT_FILE=$T/ca.pem
check "no password: exit 13" expect_exit 13 "$W" "$URL" refs refs/heads/
check "a wrong password: exit 13" \
	expect_exit 13 env WIRE_TOKEN=wrong "$W" "$URL" refs refs/heads/
check "no such repository: exit 13" \
	expect_exit 13 env WIRE_TOKEN=s3cret-token "$W" "${URL%r.git}none" refs refs/heads/
export WIRE_TOKEN=s3cret-token
: >"$T/access.log"
old=$(git -C "$R" rev-parse main)
check "a service bumped" expect_exit 0 "$W" "$URL" bump refs/heads/main "$K=new"
is "exactly that" "$(git -C "$R" diff --name-only "$old" main)" "$K"
is "six requests, all of them answered at once" \
	"$(cut -d'"' -f3 "$T/access.log" | cut -d' ' -f2 | sort | uniq -c | tr -s ' ')" " 6 200"
check "the road is the short one" grep -q 'protocol v2, tree filter$' "$T/out"
check "GIT_SSL_CAINFO works as well" expect_exit 0 env -u SSL_CERT_FILE \
	GIT_SSL_CAINFO="$T/ca.pem" "$W" "$URL" refs refs/heads/
check "by name" expect_exit 0 "$W" "https://localhost:$PORT/git/r.git" refs refs/heads/
check "the password is in no output" bash -c "! grep -q s3cret '$T/out'"
