// SPDX-License-Identifier: GPL-3.0-or-later
// What the browser tests share: a headless Chromium, a logged-in page, and the watch that every page is under: no error
// in the console, no violation of the Content-Security-Policy, no request to another origin (T5).
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {after} from 'node:test';
import assert from 'node:assert/strict';
import {chromium} from 'playwright-core';
import {AxeBuilder} from '@axe-core/playwright';

if (!process.env.PACT_DEMO) throw new Error('PACT_DEMO is the path of demo.json of a running stack');
export const demo = JSON.parse(readFileSync(process.env.PACT_DEMO, 'utf8'));
export const base = demo.base_url.replace(/\/$/, '');
export const fixtures = new URL('../fixtures/imports/', import.meta.url);

const launch = (options) =>
	chromium.launch({
		executablePath: process.env.PACT_CHROMIUM ?? '/usr/bin/chromium',
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
		],
		...options,
	});
const browser = await launch();
after(() => browser.close());

// A page of a browser that keeps pages as they were for its "Back", as people's do and Playwright's does not.
export async function openWithBack(t) {
	const other = await launch({ignoreDefaultArgs: ['--disable-back-forward-cache']});
	t.after(() => other.close());
	return other.newPage({ignoreHTTPSErrors: true});
}

export function user(role, workspace = 0) {
	const found = demo.workspaces[workspace].users.find((one) => one.role === role);
	assert.ok(found, `the demo has a user with the role ${role}`);
	return found;
}

const states = new Map();
// The cookies of a logged-in user; each is logged in once for each file.
async function stateOf(role) {
	if (!states.has(role)) {
		const context = await browser.newContext({ignoreHTTPSErrors: true});
		const page = await context.newPage();
		await logIn(page, user(role));
		await page.waitForURL('**/contacts');
		states.set(role, await context.storageState());
		await context.close();
	}
	return states.get(role);
}

// The first step of the login page: the ways in that this address has are on it then.
export async function typeAddress(page, email) {
	await page.getByLabel('Email address').fill(email);
	await page.getByRole('button', {name: 'Continue', exact: true}).click();
}

export async function logIn(page, {email, password}, path = '/login') {
	if (new URL(page.url(), base).pathname !== path) await page.goto(base + path);
	await typeAddress(page, email);
	await page.getByLabel('Password', {exact: true}).fill(password);
	await page.getByRole('button', {name: 'Log in'}).click();
}

// A page under watch. options: role (null: nobody is logged in), dark, width, height, elsewhere (another origin that is
// gone to), and what newContext() takes.
export async function open(
	t,
	{role = 'owner', dark = false, width = 1280, height = 800, elsewhere = '', ...options} = {}
) {
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		viewport: {width, height},
		colorScheme: dark ? 'dark' : 'light',
		locale: 'en-GB',
		timezoneId: 'Europe/Oslo',
		reducedMotion: 'reduce',
		storageState: role ? await stateOf(role) : undefined,
		...options,
	});
	const page = await context.newPage();
	const wrong = [];
	await page.exposeFunction('pactViolation', (text) => wrong.push(`CSP: ${text}`));
	await page.addInitScript(() =>
		document.addEventListener('securitypolicyviolation', (event) =>
			window.pactViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)
		)
	);
	// refused requests are logged by the browser itself; the tests look at what the page makes of them
	page.on(
		'console',
		(message) =>
			['error', 'warning'].includes(message.type()) &&
			!message.text().startsWith('Failed to load resource') &&
			message.location().url.startsWith(base) &&
			wrong.push(message.text())
	);
	page.on('pageerror', (error) => wrong.push(`${error.message}\n${error.stack}`));
	page.on(
		'response',
		(answer) =>
			answer.url().startsWith(base) &&
			!new URL(answer.url()).pathname.startsWith('/v1/') &&
			answer.status() >= 400 &&
			answer.request().resourceType() !== 'document' &&
			wrong.push(`${answer.status()} ${answer.url()}`)
	);
	context.on('request', (request) => {
		const {protocol, origin} = new URL(request.url());
		// its pages are its own
		if (elsewhere && !request.isNavigationRequest() && request.frame().url().startsWith(elsewhere)) return;
		if (!['data:', 'blob:', 'about:'].includes(protocol) && origin !== new URL(base).origin && origin !== elsewhere)
			wrong.push(`a request to ${origin}`);
	});
	t.after(async () => {
		await context.close();
		assert.deepEqual(wrong, [], 'console, policy and origins are clean');
	});
	if (role) await page.goto(`${base}/legal/cookies`);
	return page;
}

// axe-core finds nothing, in this state of the page. `colours`: only what the colour scheme can change.
export async function accessible(page, what, {colours = false} = {}) {
	const axe = new AxeBuilder({page});
	const {violations} = await (
		colours
			? axe.withRules(['color-contrast', 'link-in-text-block'])
			: axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
	).analyze();
	assert.deepEqual(
		violations.map(
			({id, nodes}) =>
				`${what}: ${id}: ${nodes
					.map((node) => `${node.target.join(' ')} ${node.any.concat(node.all)[0]?.message ?? ''}`)
					.slice(0, 4)
					.join(' | ')}`
		),
		[]
	);
}

export async function noSidewaysScroll(page, what) {
	const over = await page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth
	);
	assert.ok(over <= 0, `${what} is ${over} px wider than the window`);
}

// A page that has drawn itself: the heading stands and nothing is loading.
export async function settled(page) {
	await page.waitForFunction(
		() =>
			document.querySelector('h1') &&
			!document.querySelector('.loading, [aria-busy="true"]') &&
			// what a page holds before its script has drawn it
			!document.querySelector('app-shell main > noscript') &&
			(!document.querySelector('app-shell') || document.querySelector('app-shell > .side'))
	);
}

export async function visit(page, path) {
	await page.goto(base + path);
	await settled(page);
}

// A request of the page's own session, as a script of the page would send it.
export function api(page, method, path, body, headers = {}) {
	return page.evaluate(
		async ([verb, url, json, extra]) => {
			const answer = await fetch(url, {
				method: verb,
				headers: {...(json ? {'Content-Type': 'application/json'} : {}), ...extra},
				body: json ? JSON.stringify(json) : undefined,
			});
			const text = await answer.text();
			return {status: answer.status, etag: answer.headers.get('ETag'), body: text ? JSON.parse(text) : null};
		},
		[method, path, body, headers]
	);
}

// What an operator or a name server would do, as psql does it; the audit triggers want to know whose rows they are.
export function behind(slug, sql) {
	const whose = `(SELECT tenant_id FROM pact.tenant WHERE slug = '${slug}')`;
	execFileSync('psql', ['-qAtc', `SELECT set_config('pact.tenant_id', ${whose}::text, false); ${sql}`]);
}

// Addresses nobody has used: each run stands beside what earlier runs left.
export const run = `r${Date.now().toString(36)}`;
let made = 0;
export async function makeContact(page, extra = {}) {
	made += 1;
	const {status, body} = await api(page, 'POST', '/v1/contacts', {
		email: `person${made}.${process.pid}@${run}.example`,
		first_name: 'Åse',
		last_name: `Prøve ${made}`,
		...extra,
	});
	assert.equal(status, 201, JSON.stringify(body));
	return body;
}

// One of the fixture files, with addresses of this run.
export function fixture(name, pattern = /[a-z-]+-form\.example/g) {
	return {
		name,
		mimeType: 'text/csv',
		buffer: Buffer.from(readFileSync(new URL(name, fixtures), 'utf8').replace(pattern, `${run}.example`)),
	};
}

export async function upload(page, file) {
	await visit(page, '/import');
	await page.locator('#file').setInputFiles(file);
	await page.waitForURL(/\/import\?id=/);
	await page.getByRole('button', {name: 'Try it without writing anything'}).waitFor();
}

// Tab until the focused element has this name (its own text, or its label); each stop shows where it is.
export async function tabTo(page, name, {shift = false, most = 150} = {}) {
	for (let stop = 0; stop < most; stop++) {
		await page.keyboard.press(shift ? 'Shift+Tab' : 'Tab');
		const at = await page.evaluate(() => {
			const element = document.activeElement;
			const {outlineStyle, outlineWidth} = getComputedStyle(element);
			const label =
				element.getAttribute('aria-label') ??
				[...(element.labels ?? [])].map((one) => one.textContent).join(' ');
			const box = element.getBoundingClientRect();
			const seen =
				(outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) ||
				element.matches('main, [role="tabpanel"], body, dialog') ||
				getComputedStyle(element.closest('label') ?? element).outlineStyle !== 'none';
			const middle = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
			return {
				name: (label || element.textContent).trim(),
				seen,
				hidden: Boolean(
					middle &&
					box.width > 2 &&
					!element.contains(middle) &&
					!middle.contains(element) &&
					middle.closest('.bulk, thead, .toasts, .side')
				),
				tag: element.tagName,
			};
		});
		assert.ok(at.seen, `the focus on “${at.name}” (${at.tag}) can be seen`);
		assert.ok(!at.hidden, `“${at.name}” is not covered by something that sticks`);
		if (typeof name === 'string' ? at.name === name : name.test(at.name)) return;
	}
	assert.fail(`no way by Tab to ${name}`);
}

// ── people of a test's own ──────────────────────────────────────────────────────────────────────────────────────
// The link of the newest mail to an address that leads to this page of ours; waits for the mail.
export async function mailedLink(email, page, not = '') {
	const folder = `${demo.mail_dir}/new`;
	for (let wait = 0; wait < 150; wait++) {
		const found = readdirSync(folder)
			.sort()
			.reverse()
			.map((name) => readFileSync(`${folder}/${name}`, 'latin1'))
			.filter((text) => text.includes(email))
			.map((text) =>
				text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(`0x${hex}`))
			)
			.map((text) => text.match(new RegExp(`${base}/${page}#[\\w.~-]+`))?.[0])
			.find((link) => link && link !== not);
		if (found) return found;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	return assert.fail(`no mail to ${email} with a link to /${page}`);
}

// Somebody new in the second workspace, where nobody else tests; `host` is a page of its owner.
export async function newcomer(host, roles = ['member']) {
	made += 1;
	const person = {
		email: `colleague${made}.${process.pid}@${run}.example`,
		name: `Ny ${made} ${run}`,
		password: `lysegrønn tåke ${run} over fjorden`,
	};
	const {status, body} = await api(host, 'POST', '/v1/users/invite', {
		email: person.email,
		name: person.name,
		roles,
	});
	assert.equal(status, 201, JSON.stringify(body));
	const token = (await mailedLink(person.email, 'invited')).split('#')[1];
	const accepted = await api(host, 'POST', '/v1/auth/invitation', {token, password: person.password});
	assert.equal(accepted.status, 204, JSON.stringify(accepted.body));
	return {...person, id: body.public_id};
}

// What an authenticator shows now, or showed `earlier` half minutes ago, which the server takes too; each code is taken
// once. Near the end of a half minute the next one is waited for.
export async function codeOf(secret, earlier = 0) {
	const left = 30_000 - (Date.now() % 30_000);
	if (left < 4000) await new Promise((resolve) => setTimeout(resolve, left + 100));
	const at = Math.floor(Date.now() / 1000) - earlier * 30;
	return execFileSync('oathtool', ['--totp', '-b', '-N', `@${at}`, secret.replace(/\s/g, '')], {
		encoding: 'utf8',
	}).trim();
}
