// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, dates and plurals, all through Intl. The interface is English; an English-speaking viewer gets the own forms.
import {h} from './dom.js';

export const LOCALE =
	navigator.language?.startsWith('en') && navigator.language !== 'en' ? navigator.language : 'en-GB';
const numbers = new Intl.NumberFormat(LOCALE);
const plurals = new Intl.PluralRules(LOCALE);
const FORMS = {
	date: new Intl.DateTimeFormat(LOCALE, {day: 'numeric', month: 'long', year: 'numeric'}),
	short: new Intl.DateTimeFormat(LOCALE, {day: 'numeric', month: 'short', year: 'numeric'}),
	day: new Intl.DateTimeFormat(LOCALE, {day: 'numeric', month: 'short'}),
	clock: new Intl.DateTimeFormat(LOCALE, {hour: '2-digit', minute: '2-digit'}),
	full: new Intl.DateTimeFormat(LOCALE, {
		day: 'numeric',
		month: 'short',
		year: 'numeric',
		hour: '2-digit',
		minute: '2-digit',
	}),
};

export const number = (value) => numbers.format(value ?? 0);

// plural(3, '# contact', '# contacts'): # is the number in the viewer's form.
export function plural(count, one, other) {
	return (plurals.select(count) === 'one' ? one : other).replace('#', number(count));
}

export const list = (words) => new Intl.ListFormat(LOCALE, {type: 'conjunction'}).format(words);

export function size(bytes) {
	const unit = bytes < 1e6 ? ['kilobyte', 1e3] : ['megabyte', 1e6];
	return new Intl.NumberFormat(LOCALE, {
		style: 'unit',
		unit: unit[0],
		maximumFractionDigits: bytes < 1e7 ? 1 : 0,
	}).format(Math.max(bytes / unit[1], 0.1));
}

export const utc = (iso) => `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export const dateText = (iso, form = 'date') => FORMS[form].format(new Date(iso));

// Today the hour, this year the day, earlier the date.
function near(date) {
	const now = new Date();
	if (date.toDateString() === now.toDateString()) return FORMS.clock.format(date);
	if (date.toDateString() === new Date(now.getTime() - 864e5).toDateString())
		return new Intl.RelativeTimeFormat(LOCALE, {numeric: 'auto'})
			.format(-1, 'day')
			.replace(/^./, (c) => c.toUpperCase());
	return FORMS[date.getFullYear() === now.getFullYear() ? 'day' : 'short'].format(date);
}

// <time> in the viewer's zone; the UTC instant shows on hover, and on focus where `focus` asks for a tab stop.
export function time(iso, form = 'near', focus = false) {
	const date = new Date(iso);
	return h(
		'time',
		{datetime: iso, 'data-utc': utc(iso), tabindex: focus ? 0 : null},
		form === 'near' ? near(date) : FORMS[form].format(date)
	);
}
