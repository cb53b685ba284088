// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of a page of the settings: its heading and one action, what is below it, and what stands there while it is read,
// when that failed, and for somebody who may not see it.
import {h, fill, $} from './dom.js';
import {failure, loading} from './ui.js';
import common from './strings/common.js';

// `read(body)` fills the body and may throw; `action`: a button beside the heading, or nothing.
export async function settingsPage({title, allowed, body, read, action}) {
	const main = $('main');
	async function start() {
		fill(body, loading());
		try {
			await read();
		} catch (error) {
			fill(body, failure(error, start));
		}
	}
	if (!allowed) {
		fill(main, h('div', {class: 'empty'}, h('h1', {}, title), h('p', {}, common.notAllowed)));
		return;
	}
	fill(
		main,
		h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, title), action && h('div', {class: 'actions'}, action)),
		body
	);
	await start();
}
