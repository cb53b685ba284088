// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Security → Single sign-on, from nothing to "required of everybody", in six steps on one page. Each step is
// a section of its own that saves by itself; all of them draw what the server says of the whole.
import {h, icon, fill, $} from './dom.js';
import {get} from './api.js';
import {may, session} from './shell.js';
import {announce, failure, loading} from './ui.js';
import {connectionStep, valuesStep} from './sso-connection.js';
import {domainsStep} from './sso-domains.js';
import {peopleStep} from './sso-people.js';
import {enforceStep, testStep} from './sso-test.js';
import common from './strings/common.js';
import words from './strings/sso.js';

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

// What all the steps know. `kind`: of the form, before there is a connection. `test`: a link that was not followed yet.
const page = {who, writable: may(who, 'sso.write'), kind: null, test: null, data: null, etag: null, domains: [], roles: [], again};

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

async function load() {
	const [settings, domains, roles] = await Promise.all([
		get('/v1/settings/security'),
		get('/v1/settings/security/domains', {limit: 100}),
		may(who, 'user.read') ? get('/v1/roles', {limit: 100}) : {data: {items: []}},
	]);
	page.data = settings.data;
	page.etag = settings.etag;
	page.domains = domains.data.items;
	page.roles = roles.data.items;
	page.kind = page.data.sso?.type ?? page.kind ?? 'oidc';
}

// Draws steps anew after something changed; those that are not named keep what is typed in them.
async function again(...changed) {
	await load();
	if (!changed.length) page.test = null; // was for the connection as it was before
	draw(changed.length ? [...changed, 'enforce'] : names);
	watch();
}

function draw(which) {
	drawState();
	for (const name of new Set(which)) {
		const had = parts[name].contains(document.activeElement);
		fill(parts[name], h('h2', {tabindex: -1}, words.steps[name]), steps[name](page));
		if (had) $('h2', parts[name]).focus();
	}
}

// Somebody else is at work: the runner, or whoever tests in another tab. Whatever asks, all that has changed since is drawn;
// what somebody types or has open in another step stays.
async function look() {
	const seen = ({data: {sso}, domains}) => [sso?.status, [sso?.tested_at, sso?.test_result], domains].map((part) => JSON.stringify(part));
	const before = seen(page);
	try {
		await load();
	} catch {
		return; // the next look will do
	}
	const [status, test, domains] = seen(page).map((part, i) => part !== before[i]);
	const changed = [
		...(status ? ['connection', 'test'] : []),
		...(test ? ['test'] : []),
		...(domains ? ['domains'] : []),
	];
	if (changed.length) draw([...changed, 'enforce']);
}
let timer;
function watch() {
	clearTimeout(timer);
	if (page.data.sso?.status !== 'checking' && page.domains.every((domain) => domain.checked_at)) return;
	timer = setTimeout(() => look().then(watch), LOOK_AGAIN);
}
addEventListener('focus', () => page.data?.sso && look());

async function start() {
	fill(state, loading());
	try {
		await load();
	} catch (error) {
		fill(state, failure(error, start));
		return;
	}
	fill($('#steps'), names.map((name) => parts[name]));
	draw(names);
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
