// SPDX-License-Identifier: GPL-3.0-or-later
// The one way from a page to the server: JSON, problems (RFC 9457) as exceptions, a session that ended is renewed or
// asked for in place, and a request that may be repeated waits out a short Retry-After by itself.
import words from './strings/common.js';

export class Problem extends Error {
	constructor(body, status, retryAfter = 0) {
		super(body.detail || body.title || words.failed);
		this.slug = (body.type ?? '').replace(/^.*\/problems\//, '');
		this.status = status;
		this.title = body.title ?? '';
		this.errors = body.errors ?? [];
		this.reference = body.instance ?? '';
		this.retryAfter = retryAfter;
		this.body = body;
	}
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const LONGEST_WAIT = 5;

let refreshing = null;
let lastRefresh = 0;
// One renewal at a time: in this page by a promise, among tabs by a lock, so that a token is never shown twice.
function refresh() {
	const post = async () => {
		const answer = await fetch('/v1/auth/refresh', {method: 'POST', headers: {Accept: 'application/json'}});
		return answer.ok;
	};
	refreshing ??= (navigator.locks ? navigator.locks.request('pact-refresh', post) : post())
		.catch(() => false)
		.finally(() => {
			refreshing = null;
			lastRefresh = Date.now();
		});
	return refreshing;
}

// Set by the shell once somebody is known to be logged in: before that a missing session means the login page, after it
// a dialog over the page, so that nothing typed is lost.
let known = null;
export function setKnown(session) {
	known = session;
}
let asking = null;
function comeBack() {
	if (!known) {
		location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
		return new Promise(() => {});
	}
	asking ??= import('./login-dialog.js')
		.then((module) => module.askLogin(known))
		.finally(() => {
			asking = null;
		});
	return asking;
}

async function problemOf(answer) {
	let body = {};
	if ((answer.headers.get('Content-Type') ?? '').includes('json')) body = await answer.json().catch(() => ({}));
	body.instance ??= answer.headers.get('X-Request-Id') ?? '';
	if (!body.title && !body.detail) body.detail = answer.status >= 500 ? words.unavailable : words.failed;
	return new Problem(body, answer.status, Number(answer.headers.get('Retry-After')) || 0);
}

// Options: query (object), body (JSON), form (FormData), etag (If-Match), key (Idempotency-Key), type (Content-Type),
// signal, open (a route for which nobody needs to be logged in), leaving (nobody is asked to log in for it).
// Returns {status, data, etag, location}. Throws Problem.
export async function call(method, path, options = {}) {
	const url = new URL(path, location.origin);
	for (const [name, value] of Object.entries(options.query ?? {}))
		if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, value);
	const headers = {Accept: 'application/json'};
	if (options.body !== undefined) headers['Content-Type'] = options.type ?? 'application/json';
	if (options.etag) headers['If-Match'] = options.etag;
	if (options.key) headers['Idempotency-Key'] = options.key;
	const repeatable = method === 'GET' || Boolean(options.key);
	let renewed = false;
	for (let attempt = 0; ; attempt++) {
		let answer;
		const started = Date.now();
		try {
			answer = await fetch(url, {
				method,
				headers,
				signal: options.signal,
				body: options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
			});
		} catch (error) {
			if (error.name === 'AbortError') throw error;
			throw new Problem({type: '/problems/network', title: words.offlineTitle, detail: words.offline}, 0);
		}
		if (answer.ok) {
			const isJson = (answer.headers.get('Content-Type') ?? '').includes('json');
			return {
				status: answer.status,
				data: isJson ? await answer.json() : null,
				etag: answer.headers.get('ETag'),
				location: answer.headers.get('Location'),
			};
		}
		const problem = await problemOf(answer);
		if (answer.status === 401 && !options.open && problem.slug !== 'wrong-credentials') {
			// another request of this page may have renewed the session while this one was under way
			if (!renewed && (lastRefresh > started || (await refresh()))) {
				renewed = true;
				continue;
			}
			if (options.leaving) throw problem;
			await comeBack(problem);
			renewed = false;
			continue;
		}
		if (
			repeatable &&
			attempt < 3 &&
			[409, 429, 503].includes(answer.status) &&
			problem.retryAfter > 0 &&
			problem.retryAfter <= LONGEST_WAIT
		) {
			await sleep(problem.retryAfter);
			continue;
		}
		throw problem;
	}
}

export const get = (path, query, options) => call('GET', path, {query, ...options});
export const post = (path, body = {}, options) => call('POST', path, {body, ...options});
export const patch = (path, body, etag, options) => call('PATCH', path, {body, etag, ...options});
export const del = (path, etag, options) => call('DELETE', path, {etag, ...options});

// Everything of a list, page by page: for what has to be chosen from the whole.
export async function getAll(path) {
	const items = [];
	for (let after = null; ; ) {
		const {data} = await get(path, {limit: 200, after});
		items.push(...data.items);
		if (!data.next) return items;
		after = data.next;
	}
}

// One Idempotency-Key per thing typed: pressing the button twice, or again after a broken connection, makes one thing.
// `done()` when it is made: the same thing typed again is another one.
export function keyring() {
	let last = '';
	let key = '';
	const keyFor = (body) => {
		const text = JSON.stringify(body);
		if (text !== last) {
			last = text;
			key = crypto.randomUUID();
		}
		return key;
	};
	keyFor.done = () => {
		last = '';
	};
	return keyFor;
}

// Make sure the session lives before the browser itself follows a download link.
export async function download(path, query) {
	await get('/v1/auth/session');
	const url = new URL(path, location.origin);
	for (const [name, value] of Object.entries(query ?? {})) if (value) url.searchParams.set(name, value);
	const link = document.createElement('a');
	link.href = url;
	link.download = '';
	link.click();
}
