// SPDX-License-Identifier: GPL-3.0-or-later
// Steps 5 and 6: somebody goes all the way through before it can be asked of everybody.
import {fill, h, icon} from './dom.js';
import {post} from './api.js';
import {cancelButton, dialog, onSubmit, problemText, toast} from './ui.js';
import {time} from './text.js';
import words from './strings/sso.js';

function result(of) {
	const rows = [
		['email', of.email],
		['name', of.name],
		['groups', of.groups?.length ? of.groups.join(', ') : words.noGroups],
		['subject', of.subject],
		['way', !of.refusal && words.ways[of.way]],
	];
	return h(
		'div',
		{class: 'stack-s', id: 'result'},
		of.refusal
			? h(
					'div',
					{class: 'banner declined'},
					icon('warning'),
					h('span', {class: 'text'}, words.testBad, ' ', words.refusals[of.refusal] ?? of.refusal)
				)
			: h('p', {class: 'banner confirmed'}, icon('confirmed'), h('span', {class: 'text'}, words.testGood)),
		h(
			'dl',
			{class: 'facts'},
			rows
				.filter(([, value]) => value)
				.map(([name, value]) => h('div', {}, h('dt', {}, words.result[name]), h('dd', {class: 'wrap'}, String(value)))),
			h('div', {}, h('dt', {}, words.testAt), h('dd', {}, time(of.at)))
		)
	);
}

export function testStep(page) {
	const {sso, login_url: url} = page.data;
	if (!url) return h('p', {class: 'help'}, words.testNot);
	const place = h('div', {class: 'form-foot'});
	const begin = h(
		'button',
		{
			type: 'button',
			class: 'button primary',
			onclick: async () => {
				try {
					page.test = (await post('/v1/settings/security/sso/test')).data.url;
					offer().focus();
				} catch (error) {
					toast(problemText(error));
				}
			},
		},
		words.testDo
	);
	// The link is kept by the page: the runner may be heard from, and this step drawn anew, before it is followed.
	const offer = () => {
		const followed = () => {
			page.test = null;
			fill(place, begin);
			begin.focus();
		};
		const link = h(
			'a',
			{class: 'button primary', href: page.test, target: '_blank', rel: 'noopener', onclick: () => setTimeout(followed)},
			words.testOpen
		);
		fill(place, link, h('p', {class: 'help'}, words.testOpenHelp));
		return link;
	};
	if (page.test) offer();
	else fill(place, begin);
	return [h('p', {class: 'soft'}, words.testLead), sso.test_result && result(sso.test_result), page.writable && place];
}

export function enforceStep(page) {
	const {data, domains} = page;
	const checks = {
		ready: data.sso?.status === 'ready',
		domain: domains.some((domain) => domain.verified),
		tested: Boolean(data.sso?.tested_at),
		glass: data.break_glass.length > 0,
	};
	const set = async (on) => {
		await page.save('enforce', {sso_enforced: on});
		toast(on ? words.enforced : words.relaxed);
		await page.again('enforce');
	};
	const sure = () => {
		const form = h(
			'form',
			{},
			h('p', {}, words.enforceText),
			h('p', {}, words.glassWho, ' ', h('strong', {class: 'wrap'}, data.break_glass.join(', '))),
			h(
				'div',
				{class: 'form-foot'},
				cancelButton(),
				h('button', {type: 'submit', class: 'button primary'}, words.enforceDo)
			)
		);
		onSubmit(form, async () => {
			await set(true);
			form.closest('dialog').close();
		});
		dialog(words.enforceTitle, form);
	};
	const ready = Object.values(checks).every(Boolean);
	return [
		h('p', {class: 'soft'}, words.enforceLead),
		h(
			'ul',
			{role: 'list', class: 'stack-s'},
			Object.entries(checks).map(([name, done]) =>
				h(
					'li',
					{class: 'check'},
					h('span', {class: `mark ${done ? 'good' : 'wait'}`}, icon(done ? 'confirmed' : 'pending')),
					h('span', {class: 'visually-hidden'}, done ? words.done : words.open),
					h('span', {class: 'cap wrap'}, words.checks[name])
				)
			)
		),
		data.break_glass.length > 0 && h('p', {class: 'help wrap'}, words.glassWho, ' ', data.break_glass.join(', ')),
		page.writable &&
			h(
				'div',
				{class: 'form-foot'},
				data.sso_enforced
					? h(
							'button',
							{
								type: 'button',
								class: 'button',
								onclick: () => set(false).catch((error) => toast(problemText(error))),
							},
							words.relax
						)
					: h('button', {type: 'button', class: 'button primary', disabled: !ready, onclick: sure}, words.enforce)
			),
	];
}
