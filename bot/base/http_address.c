#include "bot/base/http_address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "bot/base/mem.h"

static bool ip4_forbidden(const unsigned char *b)
{
	uint32_t ip = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		      (uint32_t)b[2] << 8 | b[3];

	return ip >> 16 == 0xa9fe ||	/* 169.254/16: link-local, metadata */
	       ip >> 24 == 0 ||		/* "this network" */
	       ip >> 28 == 0xe ||	/* multicast */
	       ip == 0xffffffff ||
	       ip == 0x646464c8 ||	/* 100.100.100.200: Alibaba's */
	       ip == 0xc00000c0;	/* 192.0.0.192: Oracle's */
}

static bool ip6_forbidden(const unsigned char *b)
{
	static const unsigned char zero[16];
	static const unsigned char clouds[][16] = {
		{ 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, /* AWS */
		{ 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 }, /* Google */
	};
	static const struct { size_t len, at; unsigned char prefix[12]; } ip4[] = {
		{ 12, 12, { [10] = 0xff, [11] = 0xff } },	/* mapped */
		{ 12, 12, { 0x00, 0x64, 0xff, 0x9b } },		/* NAT64 */
		{ 2, 2, { 0x20, 0x02 } },			/* 6to4 */
	};

	for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
		if (memcmp(b, clouds[i], 16) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ip4); i++)
		if (memcmp(b, ip4[i].prefix, ip4[i].len) == 0)
			return ip4_forbidden(b + ip4[i].at);
	return (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||	/* link-local */
	       b[0] == 0xff || memcmp(b, zero, 16) == 0;
}

bool http_address_forbidden(const struct sockaddr *a)
{
	/* Copied: A may stand where a longer struct must not be looked at. */
	if (a->sa_family == AF_INET) {
		struct sockaddr_in in;
		unsigned char ip[4];

		memcpy(&in, a, sizeof(in));
		memcpy(ip, &in.sin_addr, sizeof(ip));
		return ip4_forbidden(ip);
	}
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, (const void *)a, sizeof(in6));
		return ip6_forbidden(in6.sin6_addr.s6_addr);
	}
	return true;
}
