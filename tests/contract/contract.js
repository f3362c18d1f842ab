'use strict';
/*
 * contract.js DESCRIPTIONS MODULES LOG...: hold every request that the bot
 * sent to a simulated forge (the simulator's logs) to that forge's own
 * description of its API, and the simulator's answers as far as the
 * descriptions are true of the real servers. Prints "ok - ...", "not ok -
 * ..." and ends with 1 if anything is wrong, or if there was nothing to judge.
 *
 * The descriptions' request bodies are closed (no unknown fields); paths and
 * query parameters that a description does not name are faults too. What the
 * makers have and these descriptions leave out stands in left_out.json, written
 * from the API pages.
 */
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [descriptions, modules, ...logs] = process.argv.slice(2);
const from = createRequire(path.join(path.resolve(modules), 'x.js'));
const Ajv = from('ajv');
const graphql = from('graphql');

/* Path arguments that may hold slashes: names of branches and files. */
const WIDE = new Set(['ref', 'branch', 'path', 'filepath', 'basehead', 'head']);

const LEFT_OUT = JSON.parse(fs.readFileSync(
	path.join(__dirname, 'left_out.json')));

/* Which description binds a request: one row per kind and version. */
const TABLE = [
	['github', () => true, 'github.json'],
	['ghes', () => true, 'github-ghes-3.17.json'],
	['gitea', (v) => minor(v) >= 126, 'gitea-1.26dev.json'],
	['gitea', () => true, 'gitea-1.23dev.json'],
	['forgejo', (v) => parseInt(v, 10) >= 12, 'forgejo-16.0.1.json'],
	['forgejo', () => true, 'forgejo-11.0.3.json'],
];

function minor(version) {
	const [a, b] = version.split('.').map((x) => parseInt(x, 10));
	return a * 100 + b;
}

/*
 * What OpenAPI 3.0 and Swagger 2 mean by their schemas, for a validator of
 * JSON Schema. LAX: Gitea and Forgejo send null where their description says
 * object, array or text, so their answers are judged with every property
 * nullable; requests never are.
 */
function translate(node, lax) {
	if (!node || typeof node !== 'object')
		return;
	if (node['x-nullable'])
		node.nullable = true;
	if (node.nullable && Array.isArray(node.enum) && !node.enum.includes(null))
		node.enum.push(null);
	if (node.nullable && !node.type) {
		const { nullable, ...rest } = node;

		Object.keys(node).forEach((k) => delete node[k]);
		node.anyOf = [rest, { enum: [null] }];
	}
	for (const [name, p] of Object.entries((lax && node.properties) || {}))
		node.properties[name] = { anyOf: [p, { enum: [null] }] };
	Object.values(node).forEach((v) => translate(v, lax));
}

const loaded = new Map();

function load(file) {
	if (loaded.has(file))
		return loaded.get(file);
	const text = fs.readFileSync(path.join(descriptions, file));
	const strict = JSON.parse(text), lax = JSON.parse(text);
	const more = LEFT_OUT[strict.swagger === '2.0' ? 'swagger' : 'openapi'];
	for (const api of [strict, lax])
		api.paths = { ...structuredClone(more), ...api.paths };
	const formats = { uri: true, email: true, int64: true, int32: true,
		'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ };
	const ajv = () => new Ajv({ strict: false, allErrors: true, formats,
		validateSchema: false, coerceTypes: false, logger: false });
	const made = {
		api: strict,
		isSwagger: strict.swagger === '2.0',
		paths: Object.entries(strict.paths).map(([p, ops]) => ({
			p, ops, match: matcher(p),
			names: [...p.matchAll(/{([^}]+)}/g)].map((m) => m[1]),
		})),
		requests: ajv(), answers: ajv(), compiled: new Map(),
	};
	translate(strict, false);
	translate(lax, made.isSwagger);
	made.requests.addSchema(strict, 'api');
	made.answers.addSchema(lax, 'api');
	loaded.set(file, made);
	return made;
}

/* The faults of VALUE by the schema that stands at the pointer PARTS. */
function faults(made, which, parts, value) {
	const ref = 'api#/' + parts.map((x) => encodeURIComponent(
		String(x).replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');
	const key = which + ref;

	if (!made.compiled.has(key))
		made.compiled.set(key, made[which].compile({ $ref: ref }));
	const check = made.compiled.get(key);
	return check(value) ? [] : check.errors.map((e) =>
		`${e.instancePath || '.'} ${e.message}` +
		(e.params && e.params.additionalProperty
			? ` "${e.params.additionalProperty}"` : ''));
}

function follow(api, o) {
	while (o && o.$ref)
		o = o.$ref.slice(2).split('/').reduce((x, k) => x[k], api);
	return o;
}

function matcher(p) {
	const parts = p.split(/({[^}]+})/).map((part) =>
		part[0] !== '{' ? part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
		: WIDE.has(part.slice(1, -1)) ? '(.+)' : '([^/]+)');
	return new RegExp('^' + parts.join('') + '$');
}

/* The most literal of the paths that fit. */
function find(api, request) {
	return api.paths
		.filter((x) => x.match.test(request.path))
		.sort((a, b) => a.names.length - b.names.length ||
			b.p.length - a.p.length)[0];
}

function described(request) {
	const row = TABLE.find(([kind, fits]) =>
		kind === request.kind && fits(request.version || ''));
	const made = load(row[2]), found = find(made, request);
	const method = request.method.toLowerCase();

	return { made, found, method, op: found && found.ops[method] };
}

/* Text from a URL against the type that it should have. */
function parameterFaults(where, p, text) {
	const schema = p.schema || p;

	if (schema.type === 'integer' && !/^-?\d+$/.test(text))
		return [`${where} "${p.name}" is not a number: ${text}`];
	if (schema.type === 'boolean' && !/^(true|false)$/.test(text))
		return [`${where} "${p.name}" is not true or false: ${text}`];
	if (schema.enum && !schema.enum.includes(text))
		return [`${where} "${p.name}" is not one of ${schema.enum}: ${text}`];
	return [];
}

/* All that is wrong with one recorded request: a list of texts. */
function judgeRequest(request) {
	const { made, found, method, op } = described(request);

	if (!found)
		return [`no such path: ${request.path}`];
	if (!op)
		return [`no ${request.method} on ${found.p}`];
	const parameters = [...(found.ops.parameters || []),
		...(op.parameters || [])].map((x) => follow(made.api, x));
	const args = found.match.exec(request.path).slice(1);
	const wrong = [];

	for (const [name, text] of Object.entries(request.query)) {
		const p = parameters.find((x) => x.in === 'query' && x.name === name);

		wrong.push(...(p ? parameterFaults('query parameter', p, text)
			: [`unknown query parameter "${name}"`]));
	}
	for (const p of parameters) {
		if (p.in === 'path')
			wrong.push(...parameterFaults('path argument', p,
				decodeURIComponent(args[found.names.indexOf(p.name)])));
		if (p.in === 'query' && p.required && !(p.name in request.query))
			wrong.push(`query parameter "${p.name}" is missing`);
	}
	const type = request.headers['content-type'];
	if (request.body !== null && type !== undefined &&
	    !/^application\/json\b/.test(type))
		wrong.push(`content-type ${type}`);
	return wrong.concat(bodyFaults(made, found, method, op, request));
}

function bodyFaults(made, found, method, op, request) {
	const at = ['paths', found.p, method];
	const i = (op.parameters || []).findIndex((p) => p.in === 'body');
	const is = made.isSwagger ? i >= 0 : !!op.requestBody;

	if (!is)
		return request.body === null ? []
			: ['a body where none is described'];
	if (request.body === null)
		return (made.isSwagger ? op.parameters[i] : op.requestBody).required
			? ['no body'] : [];
	return faults(made, 'requests', made.isSwagger
		? [...at, 'parameters', i, 'schema']
		: [...at, 'requestBody', 'content', 'application/json', 'schema'],
		request.body);
}

/* What is wrong with the simulator's answer to it. */
function judgeAnswer(request) {
	const { made, found, method, op } = described(request);

	if (!op)
		return [];
	const answer = op.responses[request.status];
	if (!answer && TRUE_ANYWAY.some(([kinds, m, p, status]) =>
		kinds.test(request.kind) && m === method && p.test(request.path) &&
		status === request.status))
		return [];
	if (!answer)
		return request.status >= 500 || COMMON.has(request.status) ? []
			: [`status ${request.status} is not described`];
	if (request.status >= 300 || request.answer === null)
		return [];
	/* A response may be a reference; the schema is where that leads. */
	const at = answer.$ref ? answer.$ref.slice(2).split('/')
		: ['paths', found.p, method, 'responses', request.status];
	const full = follow(made.api, answer);
	if (made.isSwagger)
		return full.schema ? faults(made, 'answers', [...at, 'schema'],
			request.answer) : [];
	return full.content ? faults(made, 'answers', [...at, 'content',
		'application/json', 'schema'], request.answer) : [];
}

/* Not in every description, but every forge gives them; 405, 409 and 412 by
   Gitea, 403 by GitHub for tokens that may not. */
const COMMON = new Set([401, 403, 404, 405, 409, 412, 422, 423, 429]);

/* Real servers answer so (read in their source); no description has it. */
const TRUE_ANYWAY = [
	/* scheduled: to be merged when the checks succeed */
	[/^(gitea|forgejo)$/, 'post', /\/pulls\/\d+\/merge$/, 201],
];

let schema;

function judgeGraphql(request) {
	schema = schema || graphql.buildSchema(fs.readFileSync(
		path.join(descriptions, 'github.graphql'), 'utf8'));
	const { query, variables } = request.body || {};
	let doc;

	try {
		doc = graphql.parse(query);
	} catch (e) {
		return [`GraphQL: ${e.message}`];
	}
	const wrong = graphql.validate(schema, doc).map((e) => e.message);
	const op = doc.definitions.find((d) => d.kind === 'OperationDefinition');
	if (wrong.length === 0) {
		const got = graphql.getVariableValues(schema,
			op.variableDefinitions || [], variables || {});
		wrong.push(...(got.errors || []).map((e) => e.message));
	}
	return wrong.map((m) => `GraphQL: ${m}`);
}

const isGraphql = (r) => r.path === '/graphql';
/* git's own protocol is not in any description; the simulator's own tests
   ask for what no bot should, and say so by not being the bot. */
const isBot = (r) => /^git-promote\//.test(r.headers['user-agent'] || '');

let failed = 0;

function line(name, wrong) {
	if (wrong.length === 0) {
		console.log(`ok - ${name}`);
		return;
	}
	failed++;
	console.log(`not ok - ${name}`);
	[...new Set(wrong)].slice(0, 40).forEach((f) => console.log(`  ${f}`));
}

/* The judge itself: what must be refused is refused, and why. */
function selfTest() {
	const good = { kind: 'github', method: 'POST', headers: {}, query: {},
		path: '/repos/o/r/pulls',
		body: { title: 't', head: 'h', base: 'b' } };
	const gitea = { ...good, kind: 'gitea', version: '1.23.4' };
	const gql = (query, variables) => ({ kind: 'github', path: '/graphql',
		method: 'POST', body: { query, variables } });
	const arm = 'mutation($i: ID!) { enablePullRequestAutoMerge(input: ' +
		'{pullRequestId: $i}) { clientMutationId } }';
	const rows = [
		['a good request passes', good, null],
		['a good request to Gitea passes', gitea, null],
		['a branch with slashes is one argument', { ...good,
			method: 'DELETE', body: null,
			path: '/repos/o/r/git/refs/heads/promote/dev/web' }, null],
		['an unknown field', { ...good, body: { ...good.body, colour: 1 } },
			/additional properties "colour"/],
		['a field that only another forge has', { ...gitea,
			body: { ...good.body, draft: true } }, /"draft"/],
		['a field that came later', { ...gitea,
			body: { ...good.body, reviewers: ['a'] } }, /"reviewers"/],
		['... passes where it is there', { ...gitea, version: '1.26.0',
			body: { ...good.body, reviewers: ['a'] } }, null],
		['a missing field', { ...good, body: { head: 'h' } }, /'base'/],
		['a wrong type', { ...good, body: { ...good.body, head: 7 } },
			/must be string/],
		['a value that is not in the list', { ...good, method: 'PUT',
			path: '/repos/o/r/pulls/1/merge',
			body: { merge_method: 'octopus' } }, /allowed values/],
		['an unknown path', { ...good, path: '/repos/o/r/pullz' },
			/no such path/],
		['an unknown method', { ...good, method: 'PUT' }, /no PUT/],
		['an unknown query parameter', { ...good, method: 'GET', body: null,
			query: { hed: 'o:b' } }, /"hed"/],
		['a filter that Gitea 1.23 does not know', { ...gitea, method: 'GET',
			body: null, query: { base_branch: 'main' } },
			/"base_branch"/],
		['what the description leaves out passes', { ...good,
			method: 'GET', body: null, path: '/repos/o/r/activity',
			query: { ref: 'refs/heads/main', per_page: '100',
				after: 'x' } }, null],
		['... and is bound as the rest is', { ...good, method: 'GET',
			body: null, path: '/repos/o/r/activity',
			query: { page: '2' } }, /unknown query parameter "page"/],
		['... Gitea: by page', { ...gitea, method: 'GET', body: null,
			path: '/repos/o/r/activities/feeds',
			query: { limit: '50', page: '2' } }, null],
		['... and not by branch', { ...gitea, method: 'GET', body: null,
			path: '/repos/o/r/activities/feeds',
			query: { ref: 'main' } }, /unknown query parameter "ref"/],
		['GraphQL passes', gql(arm, { i: 'PR_1' }), null],
		['GraphQL: an unknown field', gql('{ viewer { shoe } }'), /shoe/],
		['GraphQL: a variable that is missing', gql(arm, {}), /\$i/],
		['GraphQL: an unknown input', gql(arm.replace('pullRequestId: $i',
			'pullRequestId: $i, force: true'), { i: 'x' }), /force/],
	];

	for (const [name, request, want] of rows) {
		const found = isGraphql(request) ? judgeGraphql(request)
			: judgeRequest(request);
		const text = found.join('; ');

		line(`the judge: ${name}`, want === null ? found
			: want.test(text) ? [] : [`says "${text}", not ${want}`]);
	}
	const answer = { ...good, method: 'GET', body: null, status: 200,
		path: '/repos/o/r/pulls/1', answer: { number: 'one' } };
	line('the judge: an answer without what is described',
		judgeAnswer(answer).length > 3 ? [] : ['it passes']);
}

function main() {
	const count = new Map();
	const requests = new Map(), answers = new Map();
	const note = (map, key, wrong) => map.set(key,
		(map.get(key) || []).concat(wrong));

	selfTest();
	for (const log of logs) {
		const rows = fs.readFileSync(log, 'utf8').split('\n').filter(Boolean);

		for (const text of rows) {
			const r = JSON.parse(text);
			if (r.git || !TABLE.some(([kind]) => kind === r.kind))
				continue;
			if (/\.git\//.test(r.path) || r.path.startsWith('/_sim/'))
				continue;
			const where = (wrong) => wrong.map((f) =>
				`${path.basename(log)}:${r.seq} ${r.method} ` +
				`${r.path}: ${f}`);
			const key = `${r.kind}${r.version ? ' ' + r.version : ''}`;
			if (isBot(r)) {
				count.set(key, (count.get(key) || 0) + 1);
				note(requests, key, where(isGraphql(r)
					? judgeGraphql(r) : judgeRequest(r)));
			}
			if (!r.fault && !isGraphql(r))
				note(answers, key, where(judgeAnswer(r)));
		}
	}
	for (const [key, wrong] of requests)
		line(`${count.get(key)} requests of the bot to ${key}`, wrong);
	for (const [key, wrong] of answers)
		line(`the simulator's answers as ${key}`, wrong);
	for (const kind of ['github', 'gitea'])
		if (logs.length && ![...count.keys()].some((k) => k.startsWith(kind)))
			line(`the bot's requests to ${kind}`, ['there are none in the '
				+ 'logs: run the end-to-end tests first']);
	process.exitCode = failed ? 1 : 0;
}

main();
