/*
 * TLS is always verified: against a server on loopback (python3's) with a
 * certificate made on the spot, whose authority nobody knows at first.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/base/http.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"

static char dir[] = "/tmp/http-tls-test.XXXXXX";
static char cert_file[64], key_file[64], missing_file[64];
static int port, plain_port;
static pid_t pid;

static const char server[] =
	"import http.server, ssl, sys, threading\n"
	"class H(http.server.BaseHTTPRequestHandler):\n"
	"    protocol_version = 'HTTP/1.1'\n"
	"    def do_GET(self):\n"
	"        self.send_response(200)\n"
	"        self.send_header('Content-Length', '5')\n"
	"        self.end_headers()\n"
	"        self.wfile.write(b'hello')\n"
	"    def log_message(self, *a): pass\n"
	"class S(http.server.ThreadingHTTPServer):\n"
	"    def handle_error(self, *a): pass\n"
	"s = S(('127.0.0.1', 0), H)\n"
	"c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	"c.load_cert_chain(sys.argv[1], sys.argv[2])\n"
	"s.socket = c.wrap_socket(s.socket, server_side=True,\n"
	"                         do_handshake_on_connect=False)\n"
	"p = S(('127.0.0.1', 0), H)\n"
	"threading.Thread(target=p.serve_forever, daemon=True).start()\n"
	"print(s.server_address[1], p.server_address[1], flush=True)\n"
	"s.serve_forever()\n";

/* Self-signed, for 127.0.0.1 and no other name. */
static void certificate_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *e;
	FILE *f;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
				"IP:127.0.0.1");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
				"critical,CA:TRUE");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	f = fopen(cert_file, "w");
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	f = fopen(key_file, "w");
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
					      NULL), 1);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
}

static int server_start(void **state)
{
	char text[16] = "";
	int fds[2];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(cert_file, sizeof(cert_file), "%s/cert.pem", dir);
	snprintf(key_file, sizeof(key_file), "%s/key.pem", dir);
	snprintf(missing_file, sizeof(missing_file), "%s/missing.pem", dir);
	certificate_make();
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 1);
		execlp("python3", "python3", "-c", server, cert_file, key_file,
		       NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_int_equal(sscanf(text, "%d %d", &port, &plain_port), 2);
	return 0;
}

static int server_stop(void **state)
{
	(void)state;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(cert_file);
	unlink(key_file);
	rmdir(dir);
	log_release();
	return 0;
}

static void the_certificate_is_verified(void **state)
{
	static const struct {
		const char *name, *host, *variable, *file;
		enum err_code want;
	} rows[] = {
		{ "nobody vouches for it", "127.0.0.1", NULL, NULL,
		  ERR_SECURITY },
		{ "SSL_CERT_FILE does", "127.0.0.1", "SSL_CERT_FILE",
		  cert_file, ERR_NONE },
		{ "GIT_SSL_CAINFO does", "127.0.0.1", "GIT_SSL_CAINFO",
		  cert_file, ERR_NONE },
		{ "CURL_CA_BUNDLE does", "127.0.0.1", "CURL_CA_BUNDLE",
		  cert_file, ERR_NONE },
		{ "but not for another name", "localhost", "SSL_CERT_FILE",
		  cert_file, ERR_SECURITY },
		{ "the file is not there", "127.0.0.1", "SSL_CERT_FILE",
		  missing_file, ERR_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_options o = { .deadline = deadline_in(20000) };
		struct http_cred cred;
		struct http_request req = { .cred = &cred };
		struct http_response res;
		struct err err = { 0 };
		struct http *h;
		char url[64];

		if (rows[i].variable)
			setenv(rows[i].variable, rows[i].file, 1);
		h = http_new(&o);
		snprintf(url, sizeof(url), "https://%s:%d/", rows[i].host, port);
		req.url = url;
		assert_int_equal(http_cred_token(&cred, url,
						 "Authorization: Bearer",
						 "hunter2hunter2", &err), 0);
		http_do(h, &req, &res, &err);
		if (err.code != rows[i].want ||
		    (!err.code && strcmp(buf_str(&res.body), "hello") != 0))
			fail_msg("%s: %d '%s'", rows[i].name, (int)err.code,
				 err.msg);
		/* A certificate does not get better by asking again. */
		assert_int_equal(http_cost(h)->requests, 1);
		http_response_release(&res);
		http_cred_release(&cred);
		http_free(h);
		if (rows[i].variable)
			unsetenv(rows[i].variable);
	}
}

/* Nor does a server learn TLS by being asked again. */
static void a_server_without_tls_is_told_from_a_bad_moment(void **state)
{
	struct http_options o = { .deadline = deadline_in(20000) };
	struct http *h = http_new(&o);
	struct http_response res;
	struct err err = { 0 };
	char url[64];
	struct http_request req = { .url = url };

	(void)state;
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", plain_port);
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "does not speak TLS"));
	assert_int_equal(http_cost(h)->requests, 1);
	http_response_release(&res);
	http_free(h);
}

int main(void)
{
	static const char *const variables[] = {
		"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
		"GIT_SSL_CAPATH", "CURL_CA_BUNDLE", "HTTPS_PROXY",
		"https_proxy", "ALL_PROXY", "all_proxy",
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_certificate_is_verified),
		cmocka_unit_test(a_server_without_tls_is_told_from_a_bad_moment),
	};

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
