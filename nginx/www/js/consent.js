// SPDX-License-Identifier: GPL-3.0-or-later
// Consent has one look everywhere, word and icon and colour, and one sentence that answers "may I mail this person?".
import {h, icon} from './dom.js';
import {time, dateText} from './text.js';
import common from './strings/common.js';
import words from './strings/consent.js';

export const STATUSES = ['confirmed', 'pending', 'declined'];

export function badge(status) {
	return h('span', {class: `consent ${status}`}, icon(status), common.consent[status] ?? status);
}

export function sourceText(source) {
	return words.sources[source] ?? (source ?? '').replaceAll('_', ' ').replace(/^./, (c) => c.toUpperCase());
}

// "Web form, 3 Mar 2026": why a contact has the consent it has, for a table cell.
export function why(contact) {
	const form = new Date(contact.consent_at).getFullYear() === new Date().getFullYear() ? 'day' : 'short';
	return `${sourceText(contact.consent_source)}, ${dateText(contact.consent_at, form)}`;
}

// What the evidence of a ledger event says, in one line.
export function evidenceText(evidence) {
	if (!evidence) return '';
	if (typeof evidence === 'string') return evidence;
	const parts = [];
	// how first, then when and where
	const order = Object.keys(words.evidence);
	const place = (key) => order.indexOf(key.toLowerCase()) + 1 || order.length + 1;
	for (const [key, value] of Object.entries(evidence).sort(([a], [b]) => place(a) - place(b))) {
		const isTime =
			typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
		const shown = isTime ? dateText(value, 'short') : value;
		if (value !== null && value !== '' && typeof value !== 'object')
			parts.push(
				words.evidence[key.toLowerCase()]?.(shown) ?? `${key.replaceAll('_', ' ').toLowerCase()} ${shown}`
			);
	}
	return parts.filter(Boolean).join(', ');
}

// The answer line of a contact: `last` is the newest consent event of the ledger, if it has been read.
export function answer(contact, last) {
	const {consent_status: status, consent_source: source, consent_at: at, email} = contact;
	const actor = last && last.actor !== 'system' ? last.actor : '';
	const given = last?.evidence?.at ?? last?.evidence?.date;
	const when = () => time(given && !Number.isNaN(Date.parse(given)) ? given : at, 'date', true);
	const byHand = source === 'manual' && actor;
	const by = byHand
		? words.notedByHand(actor)
		: (words.bySource[source] ?? sourceText(source).toLowerCase()) +
			(actor && source !== 'unsubscribe' && source !== 'policy'
				? (source === 'import' ? words.startedBy : words.notedBy)(actor)
				: '');
	const proof = evidenceText({
		...(typeof last?.evidence === 'object' ? last.evidence : {}),
		at: null,
		date: null,
	});
	const close = [by, proof ? `: ${proof}.` : '.'];
	if (status === 'declined' && source === 'suppression')
		return line('declined', words.mayNot, [words.suppressed, proof ? ` (${proof}).` : '.']);
	if (status === 'declined') return line('declined', words.mayNot, [...words.declinedOn(when()), ...close]);
	if (!email)
		return line('pending', words.cannot, [
			words.noAddress,
			' ',
			words.noted(common.consent[status].toLowerCase()),
		]);
	if (status === 'confirmed') return line('confirmed', words.may, [...words.optedIn(when()), ...close]);
	return line('pending', words.needs, [
		...words.pendingSince(time(at, 'date', true)),
		...close,
		' ',
		words.onlyAsk,
	]);
}

function line(status, lead, rest) {
	return h(
		'div',
		{class: `banner ${status}`, id: 'answer'},
		icon(status, 'large'),
		h('p', {class: 'text'}, h('strong', {}, lead), ' ', ...rest)
	);
}
