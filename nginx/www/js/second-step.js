// SPDX-License-Identifier: GPL-3.0-or-later
// The second step of a login: a code of the authenticator, or a recovery code. In the login page and in the dialog of a
// session that ended.
import {h} from './dom.js';
import {post} from './api.js';
import {clearErrors, field, onSubmit, showErrors} from './ui.js';
import common from './strings/common.js';
import words from './strings/login.js';

// `heading` is the h1 or h2 on top, `back` the button beside "Log in"; `done(session)` when the code was right,
// `ended(error)` when the login has to begin again.
export function secondStep(challenge, {heading, back, done, ended, className}) {
	let recovery = false;
	const lead = h('p', {});
	const place = field({
		name: 'code',
		label: words.code,
		required: true,
		maxlength: 40,
		autocomplete: 'one-time-code',
		autocapitalize: 'none',
		spellcheck: 'false',
		class: 'code-input',
	});
	const input = place.querySelector('input');
	const label = place.querySelector('label');
	const toggle = h('button', {
		type: 'button',
		class: 'link',
		onclick: () => {
			recovery = !recovery;
			input.value = '';
			clearErrors(form);
			draw();
			input.focus();
		},
	});
	function draw() {
		lead.textContent = recovery ? words.recoveryLead : words.stepLead;
		label.textContent = recovery ? words.recoveryCode : words.code;
		toggle.textContent = recovery ? words.useCode : words.useRecovery;
		input.inputMode = recovery ? 'text' : 'numeric';
		input.dataset.missing = recovery ? words.recoveryMissing : words.codeMissing;
	}
	draw();
	const form = h(
		'form',
		{class: className, 'data-step': 'code'},
		heading,
		lead,
		place,
		h('div', {}, toggle),
		h('p', {class: 'help'}, words.noPhone),
		h('div', {class: 'form-foot'}, back, h('button', {type: 'submit', class: 'button primary'}, common.logIn))
	);
	return onSubmit(
		form,
		async ({code}) => {
			const {data} = await post(
				'/v1/auth/mfa',
				{challenge, code: code.trim(), session: 'cookie'},
				{open: true}
			);
			await done(data);
		},
		(error) => {
			if (error.slug === 'session-ended') {
				error.message = words.stepEnded;
				ended(error);
				return true;
			}
			if (error.slug === 'wrong-code') {
				showErrors(form, {
					errors: [{pointer: '/code', detail: recovery ? words.wrongRecovery : words.wrongCode}],
				});
				return true;
			}
			if (error.status === 429)
				[error.message, error.retryAfter] = [common.tooMany(error.retryAfter || 60), 0];
			return false;
		}
	);
}
