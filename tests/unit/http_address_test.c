#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "bot/base/http_address.h"
#include "bot/base/mem.h"

static bool forbidden(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return http_address_forbidden((struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return http_address_forbidden((struct sockaddr *)&in6);
}

static void where_no_gate_leads(void **state)
{
	static const struct { const char *address; bool want; } rows[] = {
		{ "169.254.169.254", true },	/* most clouds' metadata */
		{ "169.254.170.2", true },	/* ECS: a task's credentials */
		{ "169.253.255.255", false },
		{ "169.255.0.0", false },
		{ "100.100.100.200", true },	/* Alibaba */
		{ "100.100.100.201", false },
		{ "192.0.0.192", true },	/* Oracle */
		{ "0.0.0.0", true },
		{ "0.1.2.3", true },
		{ "224.0.0.1", true },
		{ "239.255.255.255", true },
		{ "255.255.255.255", true },
		{ "127.0.0.1", false },		/* the operator's list says */
		{ "10.0.0.1", false },
		{ "192.168.1.1", false },
		{ "93.184.216.34", false },
		{ "::", true },
		{ "::1", false },
		{ "fe80::1", true },
		{ "febf::1", true },
		{ "fec0::1", false },
		{ "ff02::1", true },
		{ "fd00:ec2::254", true },	/* AWS */
		{ "fd00:ec2::255", false },
		{ "fd20:ce::254", true },	/* Google */
		{ "2606:2800:220:1:248:1893:25c8:1946", false },
		{ "::ffff:169.254.169.254", true },
		{ "::ffff:10.0.0.1", false },
		{ "64:ff9b::169.254.169.254", true },
		{ "64:ff9b::10.0.0.1", false },
		{ "2002:a9fe:a9fe::1", true },
		{ "2002:0a00:0001::1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (forbidden(rows[i].address) != rows[i].want)
			fail_msg("%s: want %d", rows[i].address, rows[i].want);
}

static void what_is_no_address(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	assert_true(http_address_forbidden((struct sockaddr *)&un));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_no_gate_leads),
		cmocka_unit_test(what_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
