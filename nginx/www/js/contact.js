// SPDX-License-Identifier: GPL-3.0-or-later
// One contact: first whether this person may be mailed and why, then what is known, what happened, and every change of consent.
import {h, icon, fill, $} from './dom.js';
import {get, post, download} from './api.js';
import {session, may} from './shell.js';
import {failure, loading, problemText, tabs, toast} from './ui.js';
import {answer, badge, evidenceText, sourceText} from './consent.js';
import {consentDialog} from './consent-form.js';
import {contactFields} from './contact-fields.js';
import {deleteDialog, nameOf} from './contact-delete.js';
import {Thing} from './inplace.js';
import {Timeline} from './timeline.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/contact.js';

const main = $('main');
const id = new URLSearchParams(location.search).get('id') ?? '';
const path = `/v1/contacts/${encodeURIComponent(id)}`;
let who;
let contact;
let fields = [];
let ledger = [];
let timeline;

async function start() {
	fill(main, loading());
	try {
		const [person, one, history, custom] = await Promise.all([
			session(),
			get(path),
			get(`${path}/consent`),
			get('/v1/custom-fields').catch(() => ({data: {items: []}})),
		]);
		who = person;
		contact = new Thing(path, one);
		ledger = history.data.items;
		fields = custom.data.items;
	} catch (error) {
		fill(
			main,
			error.status === 404 || error.status === 400 || !id
				? h(
						'div',
						{class: 'empty'},
						h('h1', {}, words.missing),
						h('a', {class: 'button', href: '/contacts'}, words.toList)
					)
				: failure(error, start)
		);
		return;
	}
	draw();
}

// ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────
const head = h('div', {class: 'page-head'});
const answerPlace = h('div', {class: 'stack-s', role: 'status'});
const historyPlace = h('div');

function draw() {
	timeline = new Timeline({
		owner: {contact_id: id},
		path: `${path}/timeline`,
		write: may(who, 'activity.write'),
		fieldLabel: (name) => (words.fields[name.replace(/_id$/, '')] ?? words.ownFields).toLowerCase(),
	});
	const {element} = tabs(
		words.tabsLabel,
		[
			['timeline', words.tabs.timeline, timeline.element],
			['consent', words.tabs.consent, historyPlace],
		],
		new URLSearchParams(location.search).get('tab'),
		(name) => {
			const url = new URL(location.href);
			url.searchParams.set('tab', name);
			if (name === 'timeline') url.searchParams.delete('tab');
			history.replaceState(null, '', url);
		}
	);
	fill(
		main,
		head,
		answerPlace,
		h(
			'div',
			{class: 'two'},
			h(
				'section',
				{class: 'panel pad', 'aria-label': words.fieldsTitle},
				contactFields(contact, fields, !may(who, 'contact.write'))
			),
			h('section', {class: 'panel', 'aria-label': words.tabsLabel}, element)
		)
	);
	drawHead();
	drawHistory();
	contact.addEventListener('change', drawHead);
	timeline.load();
}

function drawHead() {
	const {data} = contact;
	document.title = `${nameOf(data)} · ${common.product}`;
	fill(
		head,
		h('h1', {tabindex: -1}, nameOf(data)),
		badge(data.consent_status),
		h(
			'div',
			{class: 'actions'},
			may(who, 'activity.write') &&
				h(
					'button',
					{
						type: 'button',
						class: 'button',
						onclick: () => {
							$('[data-tab="timeline"][role="tab"]').click();
							$('#compose textarea').focus();
						},
					},
					words.addNote
				),
			may(who, 'contact.write') &&
				h(
					'button',
					{type: 'button', class: 'button', id: 'change-consent', onclick: changeConsent},
					words.changeConsent
				),
			may(who, 'contact.export') &&
				h('button', {type: 'button', class: 'button', onclick: exportData}, words.exportData),
			(may(who, 'contact.write') || may(who, 'contact.erase')) &&
				h(
					'button',
					{
						type: 'button',
						class: 'button danger',
						id: 'delete',
						onclick: () => deleteDialog({who, contact, ledger, path, archive}),
					},
					words.deleteContact
				)
		)
	);
	fill(
		answerPlace,
		answer(
			data,
			ledger.find((event) => event.status === data.consent_status)
		),
		data.archived_at &&
			h(
				'div',
				{class: 'banner', id: 'archived'},
				icon('archived', 'large'),
				h(
					'p',
					{class: 'text'},
					h('strong', {}, words.archivedBanner),
					' ',
					...words.archivedText(
						time(data.archived_at, 'date', true),
						time(new Date(Date.parse(data.archived_at) + 30 * 864e5).toISOString(), 'date', true)
					)
				),
				may(who, 'contact.write') &&
					h('button', {type: 'button', class: 'link', onclick: restore}, words.restore)
			)
	);
}

// ── consent ─────────────────────────────────────────────────────────────────────────────────────────────────────
function drawHistory() {
	const {at, status, source, actor, evidence} = words.historyColumns;
	const events = ledger.filter((event) => event.status);
	fill(
		historyPlace,
		h(
			'div',
			{class: 'page-head pad', id: 'history-head'},
			h('h2', {}, words.history),
			h(
				'div',
				{class: 'actions'},
				may(who, 'contact.write') &&
					h('button', {type: 'button', class: 'button slim', onclick: changeConsent}, words.changeConsent)
			)
		),
		events.length
			? h(
					'table',
					{class: 'table tall stack-narrow', id: 'history'},
					h('caption', {class: 'visually-hidden'}, words.historyCaption),
					h(
						'thead',
						{},
						h(
							'tr',
							{},
							[at, status, source, actor, evidence].map((label) => h('th', {scope: 'col'}, label))
						)
					),
					h(
						'tbody',
						{},
						events.map((event) =>
							h(
								'tr',
								{},
								h('td', {class: 'nowrap'}, time(event.at, 'full', true)),
								h('td', {class: 'nowrap'}, badge(event.status)),
								h('td', {'data-label': source}, sourceText(event.source)),
								h(
									'td',
									{'data-label': actor},
									event.actor === 'system' ? words.system : event.actor
								),
								h(
									'td',
									{'data-label': evidence, class: 'soft cap'},
									evidenceText(event.evidence) || '—'
								)
							)
						)
					)
				)
			: h('div', {class: 'empty'}, h('p', {}, words.historyEmpty))
	);
}

async function refresh() {
	const [, history] = await Promise.all([contact.reload(), get(`${path}/consent`)]);
	ledger = history.data.items;
	drawHead();
	drawHistory();
	timeline.load();
}

function changeConsent() {
	consentDialog({
		current: contact.data.consent_status,
		send: async (change, key) => {
			await post(`${path}/consent`, change, {key});
			await refresh();
			toast(
				contact.data.consent_status === change.status
					? words.consentSaved
					: words.consentUnchanged(
							common.consent[change.status].toLowerCase(),
							common.consent[contact.data.consent_status].toLowerCase()
						)
			);
		},
	});
}

async function exportData() {
	try {
		await download(`${path}/export`);
		toast(words.exported);
	} catch (error) {
		toast(problemText(error));
	}
}

// ── archiving and erasing ───────────────────────────────────────────────────────────────────────────────────────
async function archive() {
	await post(`${path}/archive`);
	await refresh();
	toast(words.archived(nameOf(contact.data)), restore);
}

async function restore() {
	try {
		await post(`${path}/restore`);
		await refresh();
		toast(words.restored(nameOf(contact.data)));
		$('h1').focus();
	} catch (error) {
		toast(problemText(error));
	}
}

await start();
