#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "tests/sim/sim.h"

static struct sim sim;

static const char usage[] =
"Usage: forge-sim --kind github|ghes|gitea|forgejo --root DIR [OPTION...]\n"
"\n"
"A forge for tests on 127.0.0.1. Serves the bare repositories\n"
"DIR/OWNER/NAME.git by smart HTTP at URL/OWNER/NAME.git, and the API at URL/\n"
"(github; also URL/api/v3), URL/api/v3 (ghes) or URL/api/v1 (gitea, forgejo);\n"
"GraphQL at URL/graphql and URL/api/graphql. Prints URL when it listens.\n"
"\n"
"  --port N             listen there; 0 (default): any free port\n"
"  --port-file FILE     write the port there once it listens\n"
"  --log FILE           append each request and answer, a JSON object a line;\n"
"                       else to a new file in $FORGE_SIM_LOGS, where that is set\n"
"  --token TOKEN        the bot's token (sim-token)\n"
"  --user NAME          the bot's name (promote-bot)\n"
"  --person NAME[:TOKEN[:read|write|admin]]   somebody else; may be repeated\n"
"                       (alice, bob and carol are known anyway)\n"
"  --team NAME          a team that can be asked for reviews (sre, platform)\n"
"  --server-version V   of Gitea (1.23.4) or Forgejo (16.0.1+gitea-1.22.0)\n"
"  --now TIME           RFC 3339: what the forge's clock says, standing still\n"
"  --trap NAME[=N]      see below; may be repeated\n"
"  --help, --help-api\n";

/* Whoever starts us without a log may still be told to keep one. */
static int log_by_default(const char *kind)
{
	const char *dir = getenv("FORGE_SIM_LOGS");
	struct buf name = { 0 };
	int fd = -1;

	if (dir && *dir) {
		buf_addf(&name, "%s/%s-%d.jsonl", dir, kind, (int)getpid());
		fd = open(buf_str(&name), O_WRONLY | O_CREAT | O_APPEND |
					  O_CLOEXEC, 0644);
	}
	buf_release(&name);
	return fd;
}

static void options(int argc, char **argv, uint16_t *port,
		    const char **port_file)
{
	enum { KIND = 1, ROOT, PORT, PORT_FILE, LOG, TOKEN, USER, PERSON, TEAM,
	       SERVER_VERSION, NOW, TRAP, HELP, HELP_API };
	static const struct option longs[] = {
		{ "kind", 1, NULL, KIND }, { "root", 1, NULL, ROOT },
		{ "port", 1, NULL, PORT }, { "port-file", 1, NULL, PORT_FILE },
		{ "log", 1, NULL, LOG }, { "token", 1, NULL, TOKEN },
		{ "user", 1, NULL, USER }, { "person", 1, NULL, PERSON },
		{ "team", 1, NULL, TEAM }, { "now", 1, NULL, NOW },
		{ "server-version", 1, NULL, SERVER_VERSION },
		{ "trap", 1, NULL, TRAP }, { "help", 0, NULL, HELP },
		{ "help-api", 0, NULL, HELP_API }, { 0 },
	};
	static const char *const kinds[] = { "github", "ghes", "gitea",
					     "forgejo" };
	const char *token = "sim-token", *user = "promote-bot", *traps[64];
	struct err err = { 0 };
	size_t n_traps = 0;
	int o, kind = -1;

	while ((o = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		char *colon, *second;

		switch (o) {
		case KIND:
			for (int i = 0; i < 4; i++)
				if (str_eq(optarg, kinds[i]))
					kind = i;
			break;
		case ROOT: sim.root = realpath(optarg, NULL); break;
		case PORT: *port = (uint16_t)atoi(optarg); break;
		case PORT_FILE: *port_file = optarg; break;
		case LOG:
			sim.log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND |
						  O_CLOEXEC, 0644);
			break;
		case TOKEN: token = optarg; break;
		case USER: user = optarg; break;
		case PERSON:
			colon = strchr(optarg, ':');
			if (colon)
				*colon++ = '\0';
			second = colon ? strchr(colon, ':') : NULL;
			if (second)
				*second++ = '\0';
			sim_user_add(&sim, optarg, colon, second);
			break;
		case TEAM: json_array_append_new(sim.teams,
						 json_string(optarg)); break;
		case SERVER_VERSION: sim.version = optarg; break;
		case NOW:
			if (time_parse(&sim.now_s, optarg, &err) < 0) {
				fprintf(stderr, "forge-sim: %s\n", err.msg);
				exit(2);
			}
			sim.now_fixed = true;
			break;
		case TRAP:
			if (n_traps < ARRAY_LEN(traps))
				traps[n_traps++] = optarg;
			break;
		case HELP_API: control_help(); exit(0);
		case HELP: case 'h':
			fputs(usage, stdout);
			traps_help();
			exit(0);
		default: exit(2);
		}
	}
	if (kind < 0 || !sim.root) {
		fputs(usage, stderr);
		exit(2);
	}
	sim.kind = (enum sim_kind)kind;
	if (sim.log_fd < 0)
		sim.log_fd = log_by_default(kinds[kind]);
	if (!sim.version)
		sim.version = sim.kind == SIM_FORGEJO ? "16.0.1+gitea-1.22.0"
						      : "1.23.4";
	traps_default(&sim);
	for (size_t i = 0; i < n_traps; i++)
		if (!trap_set(&sim, traps[i])) {
			fprintf(stderr, "forge-sim: no trap %s; see --help\n",
				traps[i]);
			exit(2);
		}
	sim.bot = sim_user_add(&sim, user, token, "write");
}

static void announce(uint16_t port, const char *port_file)
{
	struct buf url = { 0 }, temp = { 0 };
	FILE *f;

	buf_addf(&url, "http://127.0.0.1:%u", (unsigned int)port);
	sim.url = buf_detach(&url);
	if (port_file) {
		/* Whole or not there: somebody is waiting for this file. */
		buf_addf(&temp, "%s.new", port_file);
		f = fopen(buf_str(&temp), "w");
		if (!f || fprintf(f, "%u\n", (unsigned int)port) < 0 ||
		    fclose(f) != 0 || rename(buf_str(&temp), port_file) != 0) {
			perror("forge-sim: port file");
			exit(1);
		}
		buf_release(&temp);
	}
	printf("%s\n", sim.url);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *port_file = NULL;
	uint16_t port = 0;
	sigset_t set;
	int sig;

	pthread_mutex_init(&sim.lock, NULL);
	sim.log_fd = -1;
	sim.requests = json_array();
	sim.org_labels = json_array();
	sim.teams = json_pack("[s,s]", "sre", "platform");
	sim_user_add(&sim, "alice", "alice-token", "admin");
	sim_user_add(&sim, "bob", "bob-token", "write");
	sim_user_add(&sim, "carol", "carol-token", "write");
	options(argc, argv, &port, &port_file);

	/* A test that is killed must not leave its server behind. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);

	pthread_mutex_lock(&sim.lock);	/* no answers before the URL is known */
	port = wire_start(&sim, port);
	if (!port) {
		fprintf(stderr, "forge-sim: cannot listen: %s\n",
			strerror(errno));
		return 1;
	}
	announce(port, port_file);
	pthread_mutex_unlock(&sim.lock);
	sigwait(&set, &sig);
	wire_stop();
	sim_free_state(&sim);
	free((char *)(uintptr_t)sim.root);
	return 0;
}
