#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/inplace.h"
#include "yamledit/diff.h"
#include "yamledit/edit.h"

/* yamledit, the command: files around the library of the same name. */

struct options {
	struct ye_options ye;
	bool dry_run;
	const char *file;
	char **args;		/* behind FILE */
	size_t args_len;
};

struct command {
	const char *name, *synopsis, *summary, *help;
	size_t per_edit;	/* arguments of one edit */
	enum ye_op op;
	bool is_get;
};

static const struct command commands[] = {
	{ "get", "FILE PATH...", "print a value", .per_edit = 1,
	  .is_get = true,
	  .help =
"Prints the value at each PATH on a line of its own. A null prints an empty\n"
"line.\n\n"
"  $ yamledit get kustomization.yaml 'images[name=web].newTag'\n" },
	{ "set", "FILE PATH VALUE [PATH VALUE]...", "replace a value",
	  .per_edit = 2, .op = YE_SET,
	  .help =
"Replaces the value at PATH, in the file, and no byte around it. Quotes stay\n"
"as they were; a value without quotes gets some where a YAML reader would see\n"
"a number, a boolean, a date or null instead of a string: it is not for\n"
"replicas or ports, which have to be numbers.\n"
"With --create, keys, maps and list items that are missing are added.\n\n"
"  $ yamledit set deploy.yaml --where kind=Deployment,metadata.name=web \\\n"
"        'spec.template.spec.containers[name=app].image' web:1.5.0\n"
"  $ yamledit set - image.tag 1e5 < values.yaml > new.yaml\n" },
	{ "delete", "FILE PATH...", "remove an entry or item",
	  .per_edit = 1, .op = YE_DELETE,
	  .help =
"Removes the entry or item at PATH with its lines, and the comment behind it.\n"
"The only entry of a map is not removed: what is left would read as null.\n\n"
"  $ yamledit delete kustomization.yaml 'images[name=web].digest'\n" },
	{ "image", "FILE NAME VERSION [NAME VERSION]...",
	  "set a kustomize image", .per_edit = 2, .op = YE_IMAGE,
	  .help =
"Makes the entry of `images` called NAME run VERSION: newTag and digest are\n"
"set, added or removed until exactly VERSION stands there; newName stays.\n"
"With --create, the entry, or `images` itself, is added where it is missing.\n\n"
"VERSION is TAG, TAG@sha256:HEX or @sha256:HEX.\n\n"
"  $ yamledit image kustomization.yaml registry.example.com/team/web 1.5.0\n" },
	{ "helm", "FILE KEY VERSION [KEY VERSION]...",
	  "set an image of a chart", .per_edit = 2,
	  .op = YE_HELM,
	  .help =
"KEY leads to a map with `tag` and `digest`, or to a string that is a whole\n"
"image reference (registry:5000/team/web:1.4@sha256:...), as in Deployments\n"
"and in Argo CD's kustomize.images; there the version is replaced inside the\n"
"string. In a map, `tag` or `digest` is added where it is missing only with\n"
"--create: not every chart knows `digest`. One that VERSION has no part for\n"
"becomes \"\", and is there for the next one.\n\n"
"VERSION is TAG, TAG@sha256:HEX or @sha256:HEX.\n\n"
"  $ yamledit helm values.yaml frontend.image 1.5.0\n"
"  $ yamledit helm app.yaml 'spec.source.kustomize.images[0]' 1.5.0\n" },
};

static void print_usage(FILE *to)
{
	fputs("yamledit changes values in YAML files, and not one byte "
	      "besides.\n\nUsage:\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  yamledit %-6s %-36s %s\n", commands[i].name,
			commands[i].synopsis, commands[i].summary);
	fputs("\n"
"FILE is edited in place, atomically; - reads stdin and writes stdout.\n"
"PATH is keys joined by dots: spec.version. [2] is the third item of a list,\n"
"[name=web] the item whose `name` is `web`, and \"in.quotes\" a key with dots\n"
"or brackets; . is the document itself.\n\n"
"Options:\n"
"  -n, --dry-run       show the change as a diff, write nothing\n"
"  --create            add what is missing\n"
"  --document N        edit the Nth document of the file\n"
"  --where PATH=VALUE[,PATH=VALUE...]\n"
"                      edit the document in which these hold\n"
"  -h, --help          this text; yamledit COMMAND -h: more on the command\n"
"  --version           print the version\n"
"  --                  what follows is no option (a VALUE such as -1)\n\n"
"Exit status: 0 done, or nothing to do; 2 wrong usage; 12 try again; 14 the\n"
"file does not have it, or cannot be edited without guessing; 15 refused for\n"
"security; 70 a bug. Whatever is not 0 leaves the file as it was.\n", to);
}

static void print_help(const struct command *c)
{
	printf("Usage: yamledit %s %s\n\n%s\nyamledit -h explains PATH and the "
	       "options.\n", c->name, c->synopsis, c->help);
}

static int number(int *out, const char *text, struct err *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 1 || n > INT_MAX)
		return err_set(err, ERR_USAGE, "--document takes a number "
			       "from 1, not '%s'", text);
	*out = (int)n;
	return 0;
}

/* Options may stand anywhere. 1: done already (help). */
static int options_parse(struct options *o, const struct command *c, int argc,
			 char **argv, struct err *err)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "create", no_argument, NULL, 'c' },
		{ "document", required_argument, NULL, 'd' },
		{ "where", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":nh", longs, NULL)) != -1) {
		switch (opt) {
		case 'n':
			o->dry_run = true;
			break;
		case 'c':
			o->ye.create = true;
			break;
		case 'd':
			if (number(&o->ye.document, optarg, err) < 0)
				return -1;
			break;
		case 'w':
			o->ye.where = optarg;
			break;
		case 'h':
			print_help(c);
			return 1;
		case ':':
			return err_set(err, ERR_USAGE, "%s needs a value",
				       argv[optind - 1]);
		default:
			return err_set(err, ERR_USAGE, "no option '%s'; a "
				"value that begins with '-' goes behind '--'",
				argv[optind - 1]);
		}
	}
	if (optind >= argc)
		return err_set(err, ERR_USAGE, "no FILE given; usage: yamledit "
			       "%s %s", c->name, c->synopsis);
	o->file = argv[optind];
	o->args = argv + optind + 1;
	o->args_len = (size_t)(argc - optind - 1);
	if (o->args_len == 0 || o->args_len % c->per_edit != 0)
		return err_set(err, ERR_USAGE, "%s after '%s'; usage: yamledit "
			       "%s %s", o->args_len ? "a value is missing"
			       : "nothing", argv[argc - 1],
			       c->name, c->synopsis);
	return 0;
}

static int edits_parse(struct ye_edit *edits, struct arena *a,
		       const struct command *c, const struct options *o,
		       struct err *err)
{
	for (size_t i = 0; i * c->per_edit < o->args_len; i++) {
		char **arg = o->args + i * c->per_edit;
		struct ye_path *path = NULL;

		edits[i].op = c->op;
		if (c->op == YE_IMAGE) {
			edits[i].name = arg[0];
		} else {
			if (ye_path_parse(&path, arg[0], err) < 0)
				return -1;
			edits[i].path = path;
		}
		if (c->op == YE_SET && !c->is_get)
			edits[i].value = arg[1];
		if ((c->op == YE_IMAGE || c->op == YE_HELM) &&
		    version_parse(&edits[i].version, a, arg[1], err) < 0)
			return -1;
	}
	return 0;
}

/* "3:7: ..." is a place in the file: its name goes in front of that. */
static int in_file(struct err *err, const char *file)
{
	const char *name = strcmp(file, "-") == 0 ? "stdin" : file;

	return err_prefix(err, err->msg[0] >= '0' && err->msg[0] <= '9'
			  ? "%s:" : "%s: ", name);
}

static int read_stdin(struct buf *text, struct err *err)
{
	for (size_t n = 1; n > 0;) {
		n = fread(buf_reserve(text, 64 * 1024), 1, 64 * 1024, stdin);
		text->len += n;
		text->data[text->len] = '\0';
		if (text->len > YE_MAX_SIZE)
			return err_set(err, ERR_DATA, "1:1: larger than %u MiB",
				       YE_MAX_SIZE >> 20);
	}
	if (ferror(stdin))
		return err_set(err, ERR_TRANSIENT, "cannot read: %s",
			       strerror(errno));
	return 0;
}

static int print(const struct buf *out, struct err *err)
{
	if ((out->len && fwrite(out->data, 1, out->len, stdout) != out->len) ||
	    fflush(stdout) != 0)
		return err_set(err, ERR_TRANSIENT, "cannot write to standard "
			       "output: %s", strerror(errno));
	return 0;
}

static int run_get(const struct options *o, const struct buf *text,
		   const struct ye_edit *edits, struct err *err)
{
	struct buf out = { 0 };
	int rc = 0;

	for (size_t i = 0; i < o->args_len && rc == 0; i++) {
		rc = ye_get(&out, buf_str(text), text->len, edits[i].path,
			    &o->ye, err);
		buf_addch(&out, '\n');
	}
	rc = rc < 0 ? in_file(err, o->file) : print(&out, err);
	buf_release(&out);
	return rc;
}

/* The library knows no options. Its "did you mean ...?" is worth more. */
static void add_hint(struct err *err, const struct command *c,
		     const struct options *o)
{
	size_t len = strlen(err->msg);
	const char *hint = "";

	if (!c->is_get && c->op != YE_DELETE && !o->ye.create &&
	    err->code == ERR_NOTFOUND && err->msg[len - 1] != '?' &&
	    (strstr(err->msg, ": no key ") ||
	     strstr(err->msg, ": no item with ")))
		hint = "; --create adds it";
	else if (err->code == ERR_UNSAFE &&
		 strstr(err->msg, " documents; pick one by "))
		hint = "; see --where and --document";
	snprintf(err->msg + len, sizeof(err->msg) - len, "%s", hint);
}

static int run_edit(const struct options *o, struct inplace *f,
		    const struct ye_edit *edits, size_t n, struct err *err)
{
	const struct buf *text = &f->text;
	bool is_stdin = strcmp(o->file, "-") == 0, is_same;
	struct buf out = { 0 }, diff = { 0 };
	int rc = ye_apply(&out, buf_str(text), text->len, edits, n, &o->ye,
			  err);

	is_same = out.len == text->len &&
		  (out.len == 0 || memcmp(out.data, text->data, out.len) == 0);
	if (rc < 0) {
		in_file(err, o->file);
	} else if (o->dry_run) {
		ye_diff(&diff, is_stdin ? "stdin" : o->file, buf_str(text),
			text->len, buf_str(&out), out.len);
		rc = print(&diff, err);
	} else if (is_stdin) {
		rc = print(&out, err);
	} else if (!is_same) {
		rc = inplace_write(f, buf_str(&out), out.len, err);
		if (rc < 0)
			in_file(err, o->file);
	}
	buf_release(&diff);
	buf_release(&out);
	return rc;
}

static int run(const struct command *c, int argc, char **argv, struct err *err)
{
	struct options o = { 0 };
	struct ye_edit *edits = NULL;
	struct inplace f = { 0 };
	struct arena arena = { 0 };
	size_t n = 0;
	int rc = options_parse(&o, c, argc, argv, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	n = o.args_len / c->per_edit;
	edits = xcalloc(n, sizeof(*edits));
	rc = edits_parse(edits, &arena, c, &o, err);
	if (rc == 0) {
		rc = strcmp(o.file, "-") == 0
			? read_stdin(&f.text, err)
			: inplace_open(&f, o.file, YE_MAX_SIZE, err);
		if (rc < 0)
			in_file(err, o.file);
	}
	if (rc == 0)
		rc = c->is_get ? run_get(&o, &f.text, edits, err)
			       : run_edit(&o, &f, edits, n, err);
	if (rc < 0)
		add_hint(err, c, &o);
	for (size_t i = 0; i < n; i++)
		ye_path_free((struct ye_path *)edits[i].path);
	free(edits);
	inplace_release(&f);
	arena_release(&arena);
	return rc;
}

static const struct command *command_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Options may stand before the command, too: move it to the front. */
static void command_first(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *name = argv[i];

		if (command_of(name)) {
			memmove(argv + 2, argv + 1,
				(size_t)(i - 1) * sizeof(*argv));
			argv[1] = name;
			return;
		}
		if (str_eq(name, "--document") || str_eq(name, "--where"))
			i++;
		else if (name[0] != '-' || str_eq(name, "--"))
			return;
	}
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct err err = { 0 };
	const char *first;

	command_first(argc, argv);
	first = argc > 1 ? argv[1] : "";
	c = command_of(first);
	if (str_eq(first, "-h") || str_eq(first, "--help") ||
	    str_eq(first, "help")) {
		c = argc > 2 ? command_of(argv[2]) : NULL;
		if (c)
			print_help(c);
		else
			print_usage(stdout);
	} else if (str_eq(first, "--version")) {
		puts("yamledit " PROMOTE_VERSION);
	} else if (c) {
		run(c, argc - 1, argv + 1, &err);
	} else if (argc < 2) {
		print_usage(stderr);
		return err_exit_code(ERR_USAGE);
	} else {
		err_set(&err, ERR_USAGE, "no command '%s'; yamledit -h lists "
			"them", first);
	}
	if (err.code)
		log_error("%s", err.msg);
	else if (fflush(stdout) != 0)
		err_set(&err, ERR_TRANSIENT, "cannot write to standard output");
	return err_exit_code(err.code);
}
