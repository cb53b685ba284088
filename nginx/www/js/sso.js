// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Security → Single sign-on, from nothing to "required of everybody", in six steps on one page. Each step is
// a section of its own that saves by itself; all of them draw what the server says of the whole.
import {h, icon, fill, $} from './dom.js';
import {get, getAll, patch} from './api.js';
import {may, session} from './shell.js';
import {announce, failure, loading, problemText, toast} from './ui.js';
import {connectionStep, valuesStep} from './sso-connection.js';
import {domainsStep} from './sso-domains.js';
import {peopleStep} from './sso-people.js';
import {enforceStep, testStep} from './sso-test.js';
import common from './strings/common.js';
import words from './strings/sso.js';

const PATH = '/v1/settings/security';
const LOOK_AGAIN = 1000; // ms, while the runner looks at the provider or a record

const main = $('main');
const who = await session();
const state = h('p', {class: 'banner', id: 'state'});
const names = ['values', 'connection', 'domains', 'people', 'test', 'enforce'];
const parts = Object.fromEntries(
	names.map((name) => [name, h('section', {class: 'panel pad stack', id: `step-${name}`})])
);
const steps = {
	values: valuesStep,
	connection: connectionStep,
	domains: domainsStep,
	people: peopleStep,
	test: testStep,
	enforce: enforceStep,
};

// What all the steps know. `kind`: of the form, which may be another than the connection's. `test`: a link that was not
// followed yet. `refresh`: by step, draws what the server says of it beside a form that somebody types in.
const page = {
	who,
	writable: may(who, 'sso.write'),
	kind: null,
	test: null,
	data: null,
	etag: null,
	domains: [],
	roles: [],
	refresh: {},
	save,
	again,
	touch: (name) => typed.add(name),
};
// steps in which something was typed that is not saved
const typed = new Set();
for (const name of ['connection', 'domains', 'people']) parts[name].addEventListener('input', () => typed.add(name));

const stage = ({sso, sso_enforced: enforced}) => {
	if (!sso) return 'none';
	if (enforced) return 'enforced';
	return sso.status === 'ready' && sso.tested_at ? 'tested' : sso.status;
};
const LOOK = {
	none: ['', 'info'],
	checking: ['pending', 'pending'],
	refused: ['declined', 'warning'],
	ready: ['pending', 'info'],
	tested: ['confirmed', 'confirmed'],
	enforced: ['confirmed', 'confirmed'],
};

let last;
function drawState() {
	const now = stage(page.data);
	const [look, mark] = LOOK[now];
	state.className = `banner ${look}`;
	fill(state, icon(mark), h('span', {class: 'text'}, h('strong', {}, words.state[now])));
	if (last && last !== now) announce(words.state[now]);
	last = now;
}

// What a step shows, as far as it is another step when that changes; and what it shows beside its form.
const whole = {
	values: ({data}) => [data.sso_enforced, data.sso?.type],
	connection: ({data: {sso}}) => sso && [sso.type, sso.name, {...sso.settings, jit: null}, sso.secret_set, sso.metadata_set],
	domains: () => [],
	people: ({data: {sso}, roles}) =>
		sso && [sso.settings.jit, sso.default_roles, sso.role_mapping, roles.map((role) => role.name)],
	test: ({data: {sso, login_url: url}}) => [sso?.status, sso?.tested_at, sso?.test_result, url],
	enforce: ({data, domains}) => [
		data.sso_enforced,
		data.break_glass,
		data.sso?.status,
		data.sso?.tested_at,
		domains.some((domain) => domain.verified),
	],
};
const beside = {
	connection: ({data: {sso}}) => sso && [sso.status, sso.problem, sso.checked_at, sso.facts, sso.people],
	domains: ({domains}) => domains,
};
const print = (of, name) => JSON.stringify(of[name]?.(page) ?? null);
const drawn = {};

async function load() {
	const [settings, domains, roles] = await Promise.all([
		get(PATH),
		get('/v1/settings/security/domains', {limit: 100}),
		may(who, 'user.read') ? getAll('/v1/roles') : [],
	]);
	if (page.domains.length) sayDomains(domains.data.items);
	// what is chosen in the form stays, unless the connection itself became another one
	if (!page.data || page.data.sso?.type !== settings.data.sso?.type) page.kind = settings.data.sso?.type ?? page.kind ?? 'oidc';
	page.data = settings.data;
	page.etag = settings.etag;
	page.domains = domains.data.items;
	page.roles = roles;
	if (!page.data.sso) typed.delete('people');
}

// Those who cannot see it hear what came of looking for a record.
function sayDomains(now) {
	for (const domain of now) {
		const before = page.domains.find((one) => one.public_id === domain.public_id);
		if (before && domain.checked_at && before.checked_at !== domain.checked_at)
			announce(`${domain.domain}: ${domain.verified ? words.verified : words.unverified}`);
	}
}

// Something of the settings, by the step that shows it. Where somebody else changed them meanwhile, but nothing that this
// step shows, theirs and this go together; else what was typed stays, and the next press replaces theirs.
async function save(name, change) {
	try {
		await patch(PATH, change, page.etag);
	} catch (error) {
		if (error.status !== 412) throw error;
		await load();
		if (print(whole, name) !== drawn[name]) {
			error.message = typed.has(name) ? words.meanwhileTyped : words.meanwhile;
			sync();
			throw error;
		}
		await patch(PATH, change, page.etag);
	}
}

// After a step has saved something. What is typed into it from here on is new.
async function again(saved) {
	typed.delete(saved);
	try {
		await load();
	} catch (error) {
		toast(problemText(error));
		return;
	}
	if (saved === 'connection') page.test = null; // was for the connection as it was before
	sync(saved);
	watch();
}

function draw(name) {
	typed.delete(name);
	const had = parts[name].contains(document.activeElement);
	fill(parts[name], h('h2', {tabindex: -1}, words.steps[name]), steps[name](page));
	if (had) $('h2', parts[name]).focus();
}

// Draws what has changed since it was drawn. A form in which something is typed stays as it is, and says that it shows
// what was.
function sync(saved) {
	drawState();
	for (const name of names) {
		const now = print(whole, name);
		const side = print(beside, name);
		if ((name === saved || now !== drawn[name]) && !typed.has(name)) draw(name);
		else {
			if (now !== drawn[name] && name !== saved) warn(name);
			if (side !== drawn[`${name} beside`]) page.refresh[name]?.();
		}
		drawn[name] = now;
		drawn[`${name} beside`] = side;
	}
}

function warn(name) {
	if ($('.meanwhile', parts[name])) return;
	const text = h('span', {class: 'text'}, words.meanwhileTyped);
	$('h2', parts[name]).after(h('p', {class: 'banner pending meanwhile', role: 'alert'}, icon('warning'), text));
}

// Somebody else is at work: the runner, or whoever changes or tests something in another tab.
async function look() {
	try {
		await load();
	} catch {
		return; // the next look will do
	}
	sync();
}
let timer;
function watch() {
	clearTimeout(timer);
	if (page.data.sso?.status !== 'checking' && page.domains.every((domain) => domain.checked_at)) return;
	timer = setTimeout(() => look().then(watch), LOOK_AGAIN);
}
addEventListener('focus', () => page.data && look().then(watch));

async function start() {
	fill(state, loading());
	try {
		await load();
	} catch (error) {
		fill(state, failure(error, start));
		return;
	}
	fill($('#steps'), names.map((name) => parts[name]));
	sync();
	watch();
	if (new URLSearchParams(location.search).has('tested')) $('h2', parts.test).focus();
}

if (!may(who, 'settings.read'))
	fill(main, h('div', {class: 'empty'}, h('h1', {}, words.title), h('p', {}, common.notAllowed)));
else {
	fill(
		main,
		h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, words.title)),
		h(
			'div',
			{class: 'stack settings-form'},
			h('p', {class: 'soft'}, words.lead),
			!page.writable && h('p', {class: 'help'}, words.readonly),
			state,
			h('div', {class: 'stack', id: 'steps'})
		)
	);
	await start();
}
