// SPDX-License-Identifier: GPL-3.0-or-later
// The list of contacts: search, filters that live in the URL, sort, keyset pages, and consent for many at once.
import {h, icon, fill, $} from './dom.js';
import {get, download} from './api.js';
import {session, may} from './shell.js';
import {announce, failure, loading, menu, moreLink, problemText, toast} from './ui.js';
import {filterChips, filterMenu} from './contacts-filter.js';
import {contactRow, emptyContacts, nameOf} from './contacts-rows.js';
import common from './strings/common.js';
import words from './strings/contacts.js';

const FILTERS = ['q', 'consent_status', 'account_id', 'tag', 'archived'];
const main = $('main');
const page = {
	state: {},
	items: [],
	next: null,
	total: null,
	estimate: false,
	mailable: null,
	selected: new Set(),
	matching: false,
	request: null,
};

const active = () => FILTERS.filter((name) => page.state[name]);
const filterQuery = () => Object.fromEntries(active().map((name) => [name, page.state[name]]));

// ── where we are ────────────────────────────────────────────────────────────────────────────────────────────────
function readUrl() {
	const query = new URLSearchParams(location.search);
	page.state = Object.fromEntries([...FILTERS, 'sort', 'after'].map((name) => [name, query.get(name) ?? '']));
}

function urlOf(state) {
	const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
	return `/contacts${query.size ? `?${query}` : ''}`;
}

function go(changes, replace = false) {
	const state = {...page.state, after: '', ...changes};
	history[replace ? 'replaceState' : 'pushState'](null, '', urlOf(state));
	page.state = state;
	return load();
}

// A search and a consent status can be combined; any other filter stands alone, and so do the sorts by name and address.
function setFilter(name, value) {
	const keep = name === 'q' ? ['consent_status'] : name === 'consent_status' ? ['q'] : [];
	const others = active().filter((other) => other !== name && !keep.includes(other));
	const changes = Object.fromEntries(others.map((other) => [other, '']));
	if (others.length) toast(words.replaced);
	if (['name', 'email'].includes(page.state.sort)) changes.sort = '';
	return go({...changes, [name]: value}, name === 'q');
}

const list = (signal) =>
	get('/v1/contacts', {...filterQuery(), sort: page.state.sort, after: page.state.after, count: true}, {signal});

// the first page of rows is asked for together with the session
readUrl();
let early = list();
early.catch(() => {}); // load() says what went wrong
const who = await session();

// ── the frame ───────────────────────────────────────────────────────────────────────────────────────────────────
const heading = h('h1', {tabindex: -1}, common.contacts);
const totalPlace = h('span', {class: 'soft num'});
const answerPlace = h('p', {class: 'answer', role: 'status'});
const chipsPlace = h('div', {class: 'chips'});
const body = h('tbody');
const head = h('thead');
const foot = h('div', {class: 'table-foot bulk'});
const table = h(
	'table',
	{class: 'table sticky fixed', id: 'contacts'},
	h('caption', {class: 'visually-hidden'}, words.caption),
	head,
	body
);
const box = h('div', {class: 'table-box'});
const search = h('input', {
	type: 'search',
	id: 'search',
	'aria-label': words.searchLabel,
	placeholder: words.search,
	autocomplete: 'off',
	spellcheck: 'false',
	'aria-keyshortcuts': '/',
});
const searchError = h('p', {class: 'bad small', role: 'alert', id: 'search-error'});

function frame() {
	const exports =
		may(who, 'contact.export') &&
		menu(words.export, [
			h('p', {class: 'group'}, words.exportAll),
			Object.entries(words.formats).map(([format, label]) =>
				h(
					'button',
					{
						type: 'button',
						class: 'item',
						onclick: () =>
							download('/v1/contacts/export', {format}).catch((error) => toast(problemText(error))),
					},
					label
				)
			),
		]);
	fill(
		main,
		h(
			'div',
			{class: 'page-head'},
			heading,
			totalPlace,
			h(
				'div',
				{class: 'actions'},
				may(who, 'contact.import') && h('a', {class: 'button', href: '/import'}, words.import),
				exports,
				may(who, 'contact.write') &&
					h(
						'button',
						{type: 'button', class: 'button primary', id: 'new', onclick: newContact},
						words.create
					)
			)
		),
		h(
			'div',
			{class: 'bar'},
			h(
				'form',
				{class: 'search', role: 'search', onsubmit: (event) => event.preventDefault()},
				search,
				h('kbd', {'aria-hidden': 'true'}, '/')
			),
			chipsPlace,
			answerPlace
		),
		searchError,
		box
	);
	let timer;
	search.addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(() => setFilter('q', search.value.trim()), 220);
	});
	document.addEventListener('keydown', (event) => {
		if (
			event.key === '/' &&
			!event.target.closest('input, textarea, select, dialog, [contenteditable]') &&
			!event.ctrlKey &&
			!event.metaKey
		) {
			event.preventDefault();
			search.focus();
			search.select();
		}
	});
	window.addEventListener('popstate', () => {
		readUrl();
		load();
	});
}

async function newContact() {
	const module = await import('./contact-new.js');
	module.newContactDialog();
}

const row = (contact) => contactRow(contact, may(who, 'contact.write') && pick);

function drawHead() {
	const sort = page.state.sort || '-created_at';
	const column = (name, label, to, className) => {
		const direction = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : null;
		const offered = to && (name === 'created_at' || !active().length);
		return h(
			'th',
			{scope: 'col', class: className, 'aria-sort': offered ? direction : null},
			offered
				? h(
						'a',
						{
							href: urlOf({...page.state, after: '', sort: to}),
							onclick: (event) => {
								if (event.ctrlKey || event.metaKey) return;
								event.preventDefault();
								go({sort: to}).then(() => {
									announce(words.sortedBy(label));
									$(`th[aria-sort] a`, head)?.focus();
								});
							},
						},
						label,
						icon(direction === 'ascending' ? 'up' : direction === 'descending' ? 'down' : 'both')
					)
				: label
		);
	};
	fill(
		head,
		h(
			'tr',
			{},
			may(who, 'contact.write') &&
				h(
					'th',
					{class: 'pick w-pick', scope: 'col'},
					h(
						'label',
						{},
						h('span', {class: 'visually-hidden'}, words.selectAll),
						h('input', {
							type: 'checkbox',
							id: 'select-all',
							onchange: (event) => selectAll(event.target.checked),
						})
					)
				),
			column('name', words.columns.name, 'name'),
			column('email', words.columns.email, 'email', 'opt w-wide'),
			h('th', {scope: 'col', class: 'opt w-less'}, words.columns.account),
			h('th', {scope: 'col', class: 'w-consent'}, words.columns.consent),
			h('th', {scope: 'col', class: 'opt2 w-why'}, words.columns.why),
			column(
				'created_at',
				words.columns.created,
				sort === '-created_at' ? 'created_at' : '-created_at',
				'opt2 w-date'
			)
		)
	);
}

// ── loading ─────────────────────────────────────────────────────────────────────────────────────────────────────
async function load() {
	page.request?.abort();
	const request = (page.request = new AbortController());
	Object.assign(page, {items: [], next: null, total: null, mailable: null, matching: false});
	page.selected.clear();
	searchError.textContent = '';
	search.removeAttribute('aria-invalid');
	if (document.activeElement !== search) search.value = page.state.q;
	table.setAttribute('aria-busy', 'true');
	if (!table.isConnected) fill(box, loading());
	fill(
		chipsPlace,
		filterChips(filterQuery(), (name) => go({[name]: ''})),
		filterMenu(setFilter)
	);
	try {
		const {data} = await (early ?? list(request.signal));
		Object.assign(page, {
			items: data.items,
			next: data.next,
			total: data.total,
			estimate: Boolean(data.total_is_estimate),
		});
	} catch (error) {
		if (error.name === 'AbortError') return;
		if (error.status === 422 && page.state.q) {
			searchError.textContent = error.errors[0]?.detail ?? error.message;
			search.setAttribute('aria-invalid', 'true');
			search.setAttribute('aria-describedby', 'search-error');
		} else fill(box, failure(error, load));
		return;
	} finally {
		early = null;
		table.removeAttribute('aria-busy');
	}
	draw();
	countMailable(request.signal);
}

function draw() {
	totalPlace.textContent =
		page.total === null || page.total === undefined ? '' : words.total(page.total, page.estimate);
	if (!page.items.length) {
		answerPlace.replaceChildren();
		fill(box, emptyContacts(active(), who, newContact));
		if (active().length) announce(words.nothing);
		return;
	}
	drawHead();
	fill(body, page.items.map(row));
	fill(box, table, foot);
	drawFoot();
	if (page.state.q) announce(words.found(page.total ?? page.items.length));
}

// How many of those listed may be mailed: the question the list is opened with.
async function countMailable(signal) {
	const say = (...parts) => fill(answerPlace, ...parts);
	const {consent_status: status} = page.state;
	if (!page.items.length) return;
	if (page.state.archived) say(words.archivedAnswer);
	else if (status)
		say(
			h(
				'strong',
				{class: {confirmed: 'good', pending: 'wait', declined: 'bad'}[status]},
				status === 'confirmed' ? words.allMay : words.noneMay[status]
			)
		);
	else if ((!page.next && !page.state.after) || page.state.account_id || page.state.tag) {
		const count = page.items.filter(
			(contact) => contact.consent_status === 'confirmed' && !contact.suppressed && contact.email
		).length;
		const [lead, figure] =
			page.next || page.state.after ? words.ofShown(page.items.length, count) : words.ofThese(count);
		say(lead, h('strong', {class: 'good'}, figure));
	} else {
		try {
			const {data} = await get(
				'/v1/contacts',
				{q: page.state.q, consent_status: 'confirmed', limit: 1, count: true},
				{signal}
			);
			const [lead, figure] = words.ofThese(data.total);
			say(lead, h('strong', {class: 'good'}, figure));
		} catch {
			say();
		}
	}
}

async function loadMore(after) {
	const {data} = await get('/v1/contacts', {...filterQuery(), sort: page.state.sort, after});
	const rows = data.items.map(row);
	page.items.push(...data.items);
	page.next = data.next;
	body.append(...rows);
	if (page.matching) rows.forEach((line) => mark(line, true));
	drawFoot();
	rows[0]?.querySelector('a')?.focus({preventScroll: true});
	announce(common.moreLoaded(data.items.length, page.items.length));
	if (page.state.account_id || page.state.tag) countMailable();
}

// ── selection ───────────────────────────────────────────────────────────────────────────────────────────────────
let lastPicked = null;
function mark(line, on) {
	const input = $('input', line);
	if (!input) return;
	input.checked = on;
	line.classList.toggle('chosen', on);
	page.selected[on ? 'add' : 'delete'](line.dataset.id);
}

function pick(event) {
	const line = event.target.closest('tr');
	const on = event.target.checked;
	const rows = [...body.rows];
	// Shift takes everything from the row picked before
	const range =
		event.shiftKey && lastPicked?.isConnected
			? [rows.indexOf(lastPicked), rows.indexOf(line)].sort((a, b) => a - b)
			: null;
	(range ? rows.slice(range[0], range[1] + 1) : [line]).forEach((one) => mark(one, on));
	lastPicked = line;
	page.matching = false;
	drawFoot();
}

function selectAll(on) {
	page.matching = false;
	[...body.rows].forEach((line) => mark(line, on));
	drawFoot();
	announce(words.selected(page.selected.size));
}

function drawFoot() {
	const count = page.selected.size;
	const all = $('#select-all', head);
	if (all) {
		all.checked = count > 0 && count === page.items.length;
		all.indeterminate = count > 0 && count < page.items.length;
	}
	const parts = [];
	if (page.matching) parts.push(h('span', {}, words.allSelected(page.total, page.estimate)));
	else if (count) {
		parts.push(h('span', {}, words.selected(count)));
		if (page.total > count && !page.state.archived)
			parts.push(
				h(
					'button',
					{
						type: 'button',
						class: 'link',
						onclick: () => {
							selectAll(true);
							page.matching = true;
							drawFoot();
							$('button', foot)?.focus();
						},
					},
					words.selectMatching(page.total, page.estimate)
				)
			);
	} else parts.push(h('span', {}, words.shown(page.items.length)));
	if (count)
		parts.push(
			h(
				'button',
				{type: 'button', class: 'button slim', id: 'bulk-consent', onclick: changeSelected},
				words.changeConsent
			),
			h(
				'button',
				{
					type: 'button',
					class: 'button slim quiet',
					onclick: () => {
						selectAll(false);
						$('#select-all', head)?.focus();
					},
				},
				words.clear
			)
		);
	const compact = localStorage.getItem('pact.rows') === 'compact';
	table.classList.toggle('compact', compact);
	fill(
		foot,
		parts,
		h(
			'div',
			{class: 'end-side'},
			page.state.after && h('a', {href: urlOf({...page.state, after: ''})}, words.first),
			h(
				'button',
				{
					type: 'button',
					class: 'button slim quiet opt',
					id: 'density',
					onclick: () => {
						localStorage.setItem('pact.rows', compact ? 'roomy' : 'compact');
						drawFoot();
						$('#density', foot)?.focus();
					},
				},
				compact ? words.roomy : words.compact
			),
			moreLink(page.next, loadMore)
		)
	);
}

async function changeSelected() {
	const {bulkConsent} = await import('./contacts-bulk.js');
	await bulkConsent({
		ids: [...page.selected],
		matching: page.matching,
		total: page.total,
		filter: filterQuery(),
		names: new Map(
			page.items.map((contact) => [contact.public_id, nameOf(contact) || contact.email || words.noName])
		),
		done: () => load(),
	});
}

frame();
await load();
