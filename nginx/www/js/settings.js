// SPDX-License-Identifier: GPL-3.0-or-later
// Settings: what exists now. Each section is its own address: /settings?section=…
import {h, fill, $} from './dom.js';
import {del, get, patch, post} from './api.js';
import {session, may} from './shell.js';
import {announce, failure, field, loading, moreLink, onSubmit, problemText, toast, uid} from './ui.js';
import {badge} from './consent.js';
import {device} from './device.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/settings.js';

const main = $('main');
const shell = $('app-shell');
const name = new URLSearchParams(location.search).get('section') ?? 'profile';
shell.setAttribute('section', name);
const who = await session();
shell.draw(who);
const body = h('div', {class: 'stack'});

function facts(pairs) {
	return h(
		'dl',
		{class: 'facts panel pad'},
		pairs.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value)))
	);
}

const SECTIONS = {
	profile: {
		words: words.profile,
		draw(text) {
			fill(
				body,
				facts([
					[text.name, who.user.name || h('span', {class: 'soft'}, text.none)],
					[text.email, who.user.email],
					[text.roles, who.roles.join(', ')],
					[text.method, text.methods[who.method] ?? who.method],
				]),
				h('p', {class: 'help'}, text.help)
			);
		},
	},

	workspace: {
		words: words.workspace,
		may: 'settings.read',
		draw(text) {
			fill(
				body,
				facts([
					[text.name, who.workspace.name],
					[text.slug, h('code', {}, who.workspace.slug)],
				]),
				h('p', {class: 'help'}, text.help)
			);
		},
	},

	password: {
		words: words.password,
		draw(text) {
			const inputs = [
				field({
					name: 'current_password',
					label: text.current,
					type: 'password',
					autocomplete: 'current-password',
					required: true,
					'data-missing': text.missing,
				}),
				field({
					name: 'new_password',
					label: text.next,
					type: 'password',
					autocomplete: 'new-password',
					required: true,
					minlength: 10,
					maxlength: 1024,
					help: text.help,
					'data-missing': text.short,
				}),
				field({
					name: 'again',
					label: text.again,
					type: 'password',
					autocomplete: 'new-password',
					required: true,
					'data-missing': text.differ,
				}),
			];
			const id = uid('show');
			const show = (on) => {
				for (const input of form.querySelectorAll('input[autocomplete$="password"]')) input.type = on ? 'text' : 'password';
			};
			const form = h(
				'form',
				{class: 'panel pad stack'},
				who.method !== 'password' && h('p', {class: 'soft'}, text.sso),
				h('input', {type: 'hidden', name: 'username', autocomplete: 'username', value: who.user.email}),
				inputs,
				h(
					'label',
					{class: 'check', for: id},
					h('input', {
						type: 'checkbox',
						id,
						onchange: (event) => show(event.target.checked),
					}),
					text.show
				),
				h('p', {class: 'help'}, text.ends),
				h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button primary'}, text.change))
			);
			onSubmit(form, async (data) => {
				if ([...data.new_password].length < 10)
					throw {errors: [{pointer: '/new_password', detail: text.short}]};
				if (data.new_password !== data.again) throw {errors: [{pointer: '/again', detail: text.differ}]};
				await post('/v1/auth/password', {
					current_password: data.current_password,
					new_password: data.new_password,
				}).catch((error) => {
					throw error.slug === 'wrong-credentials'
						? {errors: [{pointer: '/current_password', detail: text.wrong}]}
						: error;
				});
				form.reset();
				show(false);
				toast(text.done);
			});
			fill(body, form);
		},
	},

	sessions: {
		words: words.sessions,
		async draw(text) {
			const {data} = await get('/v1/auth/sessions', {
				limit: 100,
				after: new URLSearchParams(location.search).get('after'),
			});
			const {columns} = text;
			const isHere = (one) => Boolean(one.current);
			const others = data.items.filter((one) => !isHere(one));
			let busy = false;
			const again = async (message, path) => {
				if (busy) return;
				busy = true;
				try {
					await del(path);
					toast(message);
					await this.draw(text);
					$('h1').focus();
				} catch (error) {
					busy = false;
					toast(problemText(error));
				}
			};
			fill(
				body,
				h('p', {class: 'soft'}, text.lead),
				h(
					'div',
					{class: 'table-box'},
					h(
						'table',
						{class: 'table', id: 'sessions'},
						h('caption', {class: 'visually-hidden'}, text.caption),
						h(
							'thead',
							{},
							h(
								'tr',
								{},
								h('th', {scope: 'col'}, columns.device),
								h('th', {scope: 'col', class: 'opt'}, columns.ip),
								h('th', {scope: 'col', class: 'opt2'}, columns.started),
								h('th', {scope: 'col', class: 'opt'}, columns.seen),
								h('th', {scope: 'col'}, h('span', {class: 'visually-hidden'}, columns.end))
							)
						),
						h(
							'tbody',
							{},
							data.items.map((one) =>
								h(
									'tr',
									{},
									h(
										'td',
										{class: 'main wrap'},
										h('strong', {}, device(one)),
										h('span', {class: 'under'}, one.ip ?? '')
									),
									h('td', {class: 'opt mono soft'}, one.ip ?? ''),
									h('td', {class: 'opt2 soft nowrap'}, time(one.created_at, 'full')),
									h('td', {class: 'opt soft nowrap'}, time(one.last_seen_at)),
									h(
										'td',
										{class: 'end nowrap'},
										isHere(one)
											? h('span', {class: 'good'}, text.here)
											: h(
													'button',
													{
														type: 'button',
														class: 'button slim',
														'aria-label': text.endLabel(
															device(one),
															one.ip ?? ''
														),
														onclick: () => again(text.ended, `/v1/auth/sessions/${one.public_id}`),
													},
													text.end
												)
									)
								)
							)
						)
					),
					data.next && h('div', {class: 'table-foot'}, moreLink(data.next))
				),
				(others.length > 1 || data.next) &&
					h(
						'div',
						{},
						h(
							'button',
							{type: 'button', class: 'button', onclick: () => again(text.allEnded, '/v1/auth/sessions')},
							data.next ? text.everyOther : text.others(others.length)
						)
					)
			);
		},
	},

	privacy: {
		words: words.privacy,
		may: 'settings.read',
		async draw(text) {
			let {data, etag} = await get('/v1/settings/privacy');
			const basis = field({
				name: 'legal_basis',
				label: text.basis,
				type: 'textarea',
				value: data.legal_basis ?? '',
				maxlength: 2000,
				help: text.basisHelp,
			});
			const show = (policy) => {
				basis.hidden = policy !== 'confirmed';
			};
			const writable = may(who, 'settings.write');
			const form = h(
				'form',
				{class: 'stack settings-form'},
				h('p', {class: 'soft'}, text.lead),
				h(
					'fieldset',
					{class: 'choice', disabled: !writable, onchange: (event) => show(event.target.value)},
					h('legend', {class: 'label'}, text.legend),
					['pending', 'confirmed', 'declined'].map((policy) =>
						h(
							'label',
							{},
							h('input', {
								type: 'radio',
								name: 'default_consent_policy',
								value: policy,
								checked: data.default_consent_policy === policy,
								id: uid('policy'),
								'data-pointer': policy === 'pending' ? '/default_consent_policy' : null,
							}),
							h(
								'span',
								{class: 'stack-s'},
								h(
									'span',
									{class: 'row'},
									badge(policy),
									policy === 'pending' && h('span', {class: 'small soft'}, text.recommended)
								),
								h('span', {class: 'help'}, text.help[policy])
							)
						)
					)
				),
				basis,
				writable
					? h(
							'div',
							{class: 'form-foot'},
							h('button', {type: 'submit', class: 'button primary'}, text.save)
						)
					: h('p', {class: 'help'}, text.readonly)
			);
			show(data.default_consent_policy);
			onSubmit(form, async (typed) => {
				const change = {default_consent_policy: typed.default_consent_policy};
				if (typed.default_consent_policy === 'confirmed') {
					if (!typed.legal_basis.trim())
						throw {errors: [{pointer: '/legal_basis', detail: text.basisMissing}]};
					change.legal_basis = typed.legal_basis.trim();
				}
				const saved = await patch('/v1/settings/privacy', change, etag);
				({data, etag} = saved.data ? saved : await get('/v1/settings/privacy'));
				toast(text.saved);
			});
			fill(body, form);
		},
	},
};

const section = SECTIONS[name];
async function draw() {
	fill(body, loading());
	try {
		await section.draw(section.words);
	} catch (error) {
		fill(body, failure(error, draw));
	}
}
if (!section || !may(who, section.may))
	fill(
		main,
		h(
			'div',
			{class: 'empty'},
			h('h1', {}, common.settings),
			h('p', {}, section ? common.notAllowed : words.unknown)
		)
	);
else {
	document.title = `${section.words.title} · ${common.settings} · ${common.product}`;
	fill(main, h('div', {class: 'page-head'}, h('h1', {tabindex: -1}, section.words.title)), body);
	body.classList.toggle('settings-form', name !== 'sessions');
	await draw();
	announce('');
}
