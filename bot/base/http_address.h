#ifndef BOT_BASE_HTTP_ADDRESS_H
#define BOT_BASE_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Is A an address that a URL out of a configuration must never lead to: where
 * machines find themselves and their secrets (link-local, the metadata
 * services of the clouds), "this network", multicast, also inside the IPv6
 * forms that carry an IPv4 address (RFC 4291 2.5.5, RFC 6052, RFC 3056)?
 * What is neither IPv4 nor IPv6 is. Loopback and private networks are not:
 * that is where Prometheus lives, and hosts are on an operator's list.
 */
bool http_address_forbidden(const struct sockaddr *a);

#endif
