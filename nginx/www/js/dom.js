// SPDX-License-Identifier: GPL-3.0-or-later
// Elements without markup strings: the pages run under Trusted Types with no policy, so nothing here parses HTML.

const SVG = 'http://www.w3.org/2000/svg';
// 16 by 16, drawn with a 1.5 stroke.
const ICONS = {
	contacts: 'M8 8.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.6 14.2c.5-2.6 2.6-3.9 5.4-3.9s4.9 1.3 5.4 3.9',
	accounts: 'M1.8 14h12.4M3 14V2.5h5V14M8 6.5h5V14M5.5 5.2v.1M5.5 8v.1',
	tasks: 'M4 2.5h8A1.5 1.5 0 0 1 13.5 4v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 12V4A1.5 1.5 0 0 1 4 2.5M5.4 8.2l1.9 1.9 3.4-3.9',
	settings:
		'M8 10.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6M8 1.5v1.8M8 12.7v1.8M1.5 8h1.8M12.7 8h1.8M3.4 3.4l1.3 1.3M11.3 11.3l1.3 1.3M3.4 12.6l1.3-1.3M11.3 4.7l1.3-1.3',
	confirmed: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4M5.4 8.2l1.8 1.8 3.4-3.7',
	pending: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4M8 4.6V8.2l2.3 1.4',
	declined: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4M3.7 3.7l8.6 8.6',
	note: 'M3 2.5h10v7.3L9.3 13.5H3zM13 9.6H9.2v3.8',
	call: 'M3.2 2.5h2.5l1.2 3-1.5 1.2a8.5 8.5 0 0 0 4 4l1.1-1.5 3 1.2v2.4c0 .5-.4.8-.8.8C7.6 13.3 2.7 8.4 2.4 3.3c0-.4.3-.8.8-.8',
	meeting: 'M2.5 3.5h11v10h-11zM2.5 6.6h11M5.3 1.9v2.7M10.7 1.9v2.7',
	email: 'M1.8 3.5h12.4v9.3H1.8zM2 4l6 4.8L14 4',
	task: 'M4 2.5h8A1.5 1.5 0 0 1 13.5 4v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 12V4A1.5 1.5 0 0 1 4 2.5M5.4 8.2l1.9 1.9 3.4-3.9',
	change: 'M10.8 2.6l2.6 2.6-7.7 7.7-3.2.6.6-3.2zM9.2 4.2l2.6 2.6',
	created: 'M8 3v10M3 8h10',
	archived: 'M2 3h12v3H2zM3 6v7.5h10V6M6.3 9h3.4',
	restored: 'M2.5 6.5H10a3.5 3.5 0 0 1 0 7H5.5M5.3 3.5L2.3 6.5l3 3',
	erased: 'M3 4.2h10M6.2 4V2.5h3.6V4M4.2 4.2l.6 9.3h6.4l.6-9.3',
	warning: 'M8 2L1.7 13.5h12.6zM8 6.3v3.4M8 11.6v.1',
	info: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4M8 7.4v3.7M8 4.9v.1',
	tick: 'M3 8.5l3.2 3.2L13 4.8',
	close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
	menu: 'M2 4h12M2 8h12M2 12h12',
	up: 'M8 13V3M4 7l4-4 4 4',
	down: 'M8 3v10M4 9l4 4 4-4',
	both: 'M5 6l3-3 3 3M5 10l3 3 3-3',
	edit: 'M10.8 2.6l2.6 2.6-7.7 7.7-3.2.6.6-3.2z',
	upload: 'M8 10.5V2.5M4.8 5.5L8 2.3l3.2 3.2M2.5 10.5v3h11v-3',
};

// An element with attributes, listeners (on…: function) and children; null, false and undefined are left out.
export function h(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === null || value === undefined || value === false) continue;
		if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
		else if (name === 'checked')
			element.defaultChecked = value; // what form.reset() goes back to
		else if (name === 'value' || name === 'indeterminate' || name === 'selected') element[name] = value;
		else element.setAttribute(name, value === true ? '' : value);
	}
	element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

export function svg(tag, attributes = {}, ...children) {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

// Icons are never the only bearer of a meaning, so they are hidden from assistive technology.
export function icon(name, extra = '') {
	return svg(
		'svg',
		{class: `icon ${extra}`.trim(), viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false'},
		svg('path', {d: ICONS[name] ?? ICONS.info})
	);
}

export const $ = (selector, root = document) => root.querySelector(selector);

// Replace what an element holds.
export function fill(element, ...children) {
	element.replaceChildren(
		...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false)
	);
	return element;
}
