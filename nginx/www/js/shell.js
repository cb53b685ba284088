// SPDX-License-Identifier: GPL-3.0-or-later
// <app-shell page="contacts">: navigation, who is logged in to which workspace, log out, skip link.
// What a role may not open is not shown; the server decides all the same.
import {h, icon, $} from './dom.js';
import {get, post, setKnown} from './api.js';
import {number} from './text.js';
import words from './strings/common.js';

const MOST_TASKS = 20;
const STORE = 'pact.session';
const HERE = 'pact.here'; // somebody is logged in in this browser, probably
const SET_UP = '/security'; // where one sets up a second factor
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('pact.session') : null;

export const ENTRIES = [
	{page: 'contacts', href: '/contacts', may: 'contact.read'},
	{page: 'accounts', href: '/accounts', may: 'account.read'},
	{page: 'tasks', href: '/tasks', may: 'activity.read'},
];
export const SECTIONS = [
	{section: 'profile', href: '/settings'},
	{section: 'workspace', href: '/settings?section=workspace', may: 'settings.read'},
	{section: 'people', href: '/people', may: 'user.read'},
	{section: 'roles', href: '/roles', may: 'user.read'},
	{section: 'keys', href: '/api-keys', may: 'user.read'},
	{section: 'integrations', href: '/integrations', may: 'settings.read'},
	{section: 'billing', href: '/billing', may: 'billing.write'},
	{section: 'audit', href: '/audit', may: 'audit.read'},
	{group: 'security'},
	{section: 'password', href: '/settings?section=password'},
	{section: 'security', href: SET_UP},
	{section: 'sso', href: '/sso', may: 'settings.read'},
	{section: 'sessions', href: '/settings?section=sessions'},
	{group: 'privacy', may: 'settings.read'},
	{section: 'privacy', href: '/settings?section=privacy', may: 'settings.read'},
];

let loaded;
// Who is logged in. The first call reads it from the server; without a session it leads to the login page.
export function session() {
	loaded ??= get('/v1/auth/session').then(({data}) => {
		// somebody new in this tab, who came by single sign-on: the others may belong to somebody else
		if (!cached()) tellTabs(data);
		remember(data);
		// a workspace that asks for a second factor answers nothing else before there is one
		if (!data.mfa_missing || location.pathname === SET_UP) return data;
		location.replace(`${SET_UP}?next=${encodeURIComponent(location.pathname + location.search)}`);
		return new Promise(() => {});
	});
	return loaded;
}

// After something about the own session changed.
export function sessionAgain() {
	loaded = undefined;
	return session();
}

// Where ?next= leads: only to a page of this site. One name behind one slash: a path may begin with two, which is somebody
// else's host, or spell an address of the API where a login begins, which nobody may be sent to by a link.
const PAGE = /^\/(?!(?:login|security)$)[a-z-]+$/;
export function nextPage() {
	try {
		const url = new URL(new URLSearchParams(location.search).get('next') ?? '/contacts', location.origin);
		return url.origin === location.origin && PAGE.test(url.pathname) ? url.pathname + url.search : '/contacts';
	} catch {
		return '/contacts';
	}
}

export function remember(data) {
	setKnown(data);
	sessionStorage.setItem(STORE, JSON.stringify(data));
	localStorage.setItem(HERE, '1');
	return data;
}

function cached() {
	try {
		const data = JSON.parse(sessionStorage.getItem(STORE));
		return data?.user && data.workspace && Array.isArray(data.permissions) ? data : null;
	} catch {
		return null;
	}
}

export function forget() {
	sessionStorage.removeItem(STORE);
	localStorage.removeItem(HERE);
}
export const probablyHere = () => localStorage.getItem(HERE) === '1';

export const may = (who, permission) => !permission || who.permissions.includes(permission);

// Tell the other tabs who is here now: one that belongs to somebody else must not go on writing.
export function tellTabs(who) {
	channel?.postMessage({
		user: who.user.public_id,
		name: who.user.name || who.user.email,
		workspace: who.workspace.name,
	});
}

// The session is renewed first when its hour is over: else it would go on, for whoever opens this browser next. Where it has
// not ended, nobody is told that it has.
export async function logOut() {
	let next = '/login';
	try {
		// who came by single sign-on logs out there too
		next = (await post('/v1/auth/logout', undefined, {leaving: true})).data.logout_url ?? next;
	} catch (error) {
		if (error.status !== 401) {
			const {problemText, toast} = await import('./ui.js');
			toast(words.stillHere(problemText(error)));
			return;
		}
	}
	forget();
	location.assign(next);
}

class AppShell extends HTMLElement {
	async connectedCallback() {
		this.main = $('main', this);
		this.prepend(h('a', {class: 'skip', href: '#main'}, words.skip));
		const early = cached();
		if (early) this.draw(early);
		let who;
		try {
			who = await session();
		} catch (error) {
			const {failure} = await import('./ui.js');
			this.main.replaceChildren(failure(error, () => location.reload()));
			return;
		}
		if (JSON.stringify(early) !== JSON.stringify(who)) this.draw(who);
		this.watch(who);
		this.countTasks(who);
		this.sayWaiting();
	}

	draw(who) {
		this.side?.remove();
		const page = this.getAttribute('page');
		const section = this.getAttribute('section');
		const link = ({page: name, href}) =>
			h(
				'li',
				{},
				h(
					'a',
					{href, 'aria-current': name === page ? 'page' : null, 'data-page': name},
					icon(name),
					h('span', {class: 'grow'}, words[name])
				)
			);
		const toggle = h(
			'button',
			{
				type: 'button',
				class: 'button quiet menu-button',
				'aria-expanded': 'false',
				onclick: () => {
					const open = this.side.classList.toggle('open');
					toggle.setAttribute('aria-expanded', String(open));
				},
			},
			icon('menu'),
			words.menu
		);
		this.side = h(
			'header',
			{class: 'side'},
			h(
				'div',
				{class: 'side-top'},
				h(
					'span',
					{class: 'badge-letter', 'aria-hidden': 'true'},
					[...who.workspace.name][0]?.toUpperCase()
				),
				h('span', {class: 'workspace'}, who.workspace.name),
				toggle
			),
			h(
				'nav',
				{'aria-label': words.nav},
				h('ul', {role: 'list'}, ENTRIES.filter((entry) => may(who, entry.may)).map(link)),
				h(
					'ul',
					{role: 'list', class: 'gap'},
					link({page: 'settings', href: '/settings'}),
					page === 'settings' &&
						SECTIONS.filter((entry) => may(who, entry.may)).map((entry) =>
							entry.group
								? h('li', {class: 'sub-head'}, words.settingsGroups[entry.group])
								: h(
										'li',
										{class: 'sub'},
										h(
											'a',
											{
												href: entry.href,
												'aria-current': entry.section === section ? 'page' : null,
											},
											words.settingsSections[entry.section]
										)
									)
						)
				)
			),
			h(
				'div',
				{class: 'side-user'},
				h(
					'p',
					{class: 'who'},
					h('strong', {}, who.user.name || who.user.email),
					h('br'),
					h('span', {class: 'soft'}, who.roles.join(', '))
				),
				h('button', {type: 'button', class: 'button quiet', onclick: logOut}, words.logOut)
			)
		);
		// before the second factor is set up there is nowhere to go
		if (who.mfa_missing) $('nav', this.side).remove();
		this.insertBefore(this.side, this.main);
		if (section && page === 'settings') $('[data-page="settings"]', this.side)?.removeAttribute('aria-current');
	}

	// Another tab logged in as somebody else: this one says so before anything is written under the wrong name. A page that the
	// browser has kept for "Back" is asked for anew, unless whom it was drawn for is still here.
	watch(who) {
		addEventListener('pageshow', ({persisted}) => {
			if (!persisted || (probablyHere() && cached()?.user.public_id === who.user.public_id)) return;
			document.body.replaceChildren();
			location.reload();
		});
		channel?.addEventListener('message', async ({data}) => {
			if (data.user === who.user.public_id) return;
			const {dialog} = await import('./ui.js');
			const box = dialog(
				words.otherUserTitle,
				h(
					'div',
					{class: 'stack'},
					h('p', {}, words.otherUser(data.name, data.workspace)),
					h(
						'div',
						{class: 'form-foot'},
						h('a', {class: 'button primary', href: '/contacts'}, words.otherUserGo)
					)
				)
			);
			box.hold();
		});
	}

	// A sentence left by the page before, such as "The contact was deleted permanently".
	async sayWaiting() {
		const message = sessionStorage.getItem('pact.message');
		if (!message) return;
		sessionStorage.removeItem('pact.message');
		const {toast} = await import('./ui.js');
		toast(message);
	}

	async countTasks(who) {
		if (who.mfa_missing || !may(who, 'activity.read')) return;
		try {
			const {
				data: {
					items: {length},
					next,
				},
			} = await get('/v1/activities', {open_tasks: true, limit: MOST_TASKS});
			const link = $('[data-page="tasks"]', this.side);
			if (length && link)
				link.append(
					h('span', {class: 'tiny num', 'aria-hidden': 'true'}, number(length), next ? '+' : ''),
					h(
						'span',
						{class: 'visually-hidden'},
						` (${words.openTasks(length)}${next ? words.orMore : ''})`
					)
				);
		} catch {
			/* the count is a courtesy */
		}
	}
}
customElements.define('app-shell', AppShell);
